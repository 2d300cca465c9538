"""An engine in this process, without kopf: its own store and watches, passes run one by one until nothing moves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.dying import DyingCluster
from toprope.core.errors import TopropeError, Transient
from toprope.core.names import FINALIZER, label_value
from toprope.core.objects import Manifest, Ref
from toprope.core.resource import Installation
from toprope.engine.events import Told
from toprope.engine.one_pass import Outcome, Result, World, one_pass
from toprope.engine.parting import part
from toprope.io.api import APPLY, Api, Request
from toprope.io.apis import present
from toprope.io.cluster import ApiCluster
from toprope.io.credentials import Connection
from toprope.io.ledger import NoPrometheus
from toprope.io.nobody import NobodyLooks, NobodyProbes
from toprope.io.store import Owner, Store
from toprope.io.watch import Reflector
from toprope.kind import Kind
from toprope.ports import Now

INSTALLATION = Installation(
    version="0.1.0", image_prefix="docker.io/toprope", namespace="toprope-system", monitoring_namespace="monitoring"
)
PATIENCE = 90.0
"""The cluster's garbage collector takes up to half a minute to know a new kind."""
FASTER = 30.0
"""How many times faster than the real time may pass at most: what is waited for may be somebody else's work."""
LONG = timedelta(minutes=4)
"""Who wants to look again later than this waits for a bell, not for a time."""
Meanwhile = Callable[[Manifest | None], Awaitable[None]]


async def nobody(live: Manifest | None) -> None:
    """Does nothing meanwhile."""


class LeapingClock:
    """The machine's time, plus all that a test has leapt over."""

    def __init__(self) -> None:
        self.leapt = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.leapt


@dataclass(slots=True)
class Bells:
    """Wakes whoever waits for a resource."""

    rung: dict[Owner, asyncio.Event] = field(default_factory=dict)

    def ring(self, owner: Owner, why: str) -> None:
        self.of(owner).set()

    def of(self, owner: Owner) -> asyncio.Event:
        return self.rung.setdefault(owner, asyncio.Event())


@dataclass(slots=True)
class Engine:
    """Runs passes of one kind."""

    kind: Kind
    api: Api
    store: Store
    cluster: DyingCluster
    world: World
    clock: LeapingClock
    bells: Bells
    namespace: str

    def ref(self, namespace: str, name: str) -> Ref:
        return Ref(self.kind.resource, namespace, name)

    async def one_pass(self, ref: Ref, failures: int = 0) -> Outcome:
        return await one_pass(self.kind, ref, self.world, failures=failures)

    async def settle(
        self, ref: Ref, settled: Callable[[Manifest], bool] = lambda live: True, meanwhile: Meanwhile = nobody
    ) -> Manifest:
        """Passes until one writes nothing and `settled` says yes to the object; due times come at once. `meanwhile`
        sees the object before each pass."""
        live: Manifest | None = None
        outcome: Outcome | None = None
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    bell = self._bell(ref)
                    bell.clear()
                    before = self.cluster.writes
                    await meanwhile(self.world.cluster.child(ref))
                    outcome = await self.one_pass(ref)
                    live = self.world.cluster.child(ref)
                    quiet = outcome.result is Result.DONE and before == self.cluster.writes
                    if quiet and live and is_observed(live) and settled(live):
                        return live
                    await self._wait(bell, outcome)
        except TimeoutError as late:
            said = (live or {}).get("status")
            raise TimeoutError(f"{ref} does not settle; its last pass: {outcome}; its status: {said}") from late

    async def until(self, ref: Ref, result: Result) -> Outcome:
        """Passes until one ends like this."""
        async with asyncio.timeout(PATIENCE):
            while (outcome := await self.one_pass(ref)).result is not result:
                await self._wait(self._bell(ref), outcome)
            return outcome

    async def rung(self, ref: Ref) -> None:
        """Waits for the resource's bell."""
        await asyncio.wait_for(self._bell(ref).wait(), PATIENCE)

    async def gone(self, ref: Ref) -> None:
        """Waits until the store has heard that the resource is no more."""
        async with asyncio.timeout(PATIENCE):
            while self.world.cluster.child(ref):
                self._bell(ref).clear()
                await self._wait(self._bell(ref), Outcome(Result.IDLE, LONG))

    def _bell(self, ref: Ref) -> asyncio.Event:
        return self.bells.of((ref.namespace, self.kind.resource.kind, label_value(ref.name)))

    async def _wait(self, bell: asyncio.Event, outcome: Outcome) -> None:
        leap = outcome.again if outcome.result is Result.DONE and outcome.again < LONG else None
        if leap == timedelta(0):
            return
        try:
            async with asyncio.timeout(0.3 if leap is None else min(1.0, leap.total_seconds() / FASTER)):
                await bell.wait()
        except TimeoutError:
            self.clock.leapt += leap or timedelta(0)

    async def part(self, ref: Ref) -> None:
        """What happens after a deletion: the farewell until it is done, then the finalizer goes."""
        async with asyncio.timeout(PATIENCE):
            while not await self._parted(ref):  # noqa: ASYNC110 - nobody tells when the API server changes its mind
                await asyncio.sleep(0.05)

    async def _parted(self, ref: Ref) -> bool:
        try:
            await part(self.kind, ref, self.world)
        except TopropeError:
            return False
        return True


def is_observed(live: Manifest) -> bool:
    """Whether the status speaks of today's spec."""
    return bool((live.get("status") or {}).get("observedGeneration") == live["metadata"]["generation"])


@asynccontextmanager
async def an_engine(
    kind: Kind,
    connection: Connection,
    namespace: str,
    now: Now | None = None,
    witness: Callable[[Manifest], None] = lambda live: None,
) -> AsyncIterator[Engine]:
    """A fresh engine over one namespace, as a new process has it; `now` looks at candidates, else nobody does."""
    bells = Bells()
    wanted = [touch.resource for touch in kind.touches if touch.watched]
    store = Store(bells.ring, wanted, [kind.resource])
    async with Api(connection, lambda verb, code: None) as api:
        optional = {touch.resource for touch in kind.touches if touch.optional}
        absent = optional - await present(api, optional)
        watched = [resource for resource in wanted if resource not in absent]
        reflectors = [Reflector(api, store, resource, namespace) for resource in watched]
        reflectors.append(Reflector(api, store, kind.resource, namespace, labels=""))
        tasks = [asyncio.create_task(reflector.run()) for reflector in reflectors]
        await asyncio.wait_for(asyncio.gather(*(one.synced.wait() for one in reflectors)), PATIENCE)
        cluster = DyingCluster(ApiCluster(api, store), witness)
        clock = LeapingClock()
        try:
            yield Engine(
                kind,
                api,
                store,
                cluster,
                World(
                    cluster,
                    NoPrometheus(),
                    now or NobodyLooks(),
                    NobodyProbes(),
                    clock,
                    replace(INSTALLATION, absent=frozenset(absent)),
                    Told(),
                ),
                clock,
                bells,
                namespace,
            )
        finally:
            await _end(tasks)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def asked(api: Api, request: Request) -> Any:
    """The answer that a person gets who tries again: a machine under tests may not greet anybody for seconds."""
    for _ in range(5):
        with suppress(Transient):
            return await api.call(request)
    return await api.call(request)


async def put(engine: Engine, ref: Ref, manifest: dict[str, Any]) -> Manifest:
    """Applies a resource as a person would, with our finalizer on it as kopf would put it there."""
    held = {**manifest, "metadata": {**manifest["metadata"], "finalizers": [FINALIZER]}}
    params = {"fieldManager": "a-person", "force": "true"}
    answer: Manifest = await asked(engine.api, Request("PATCH", ref, ref.path, params, held, APPLY))
    engine.store.put(ref.resource, answer)
    return answer
