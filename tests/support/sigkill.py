"""The operator's real process, killed by SIGKILL at its Nth write as a proxy sees it, and started again."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.support.engine import asked
from tests.support.kill_points import GARBAGE, Ending, Person, Story, difference_of, lost
from tests.support.operator_process import TINY_OPERATOR, OperatorProcess, plain_kubeconfig
from tests.support.proxy import Proxy, a_proxy
from tests.support.rollout_history import History
from tests.support.world import data_of, status_of, world_of
from toprope.core.objects import Ref
from toprope.io.api import APPLY, Api, Request
from toprope.io.cluster import ApiCluster
from toprope.io.credentials import Connection
from toprope.io.store import Store

QUIET = 0.7
"""Seconds without a write after which nothing more comes."""
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Point:
    """A kill point: 0 kills nobody."""

    number: int
    answered: bool
    """Whether the write has reached the API server, and its answer is on the way."""

    def __str__(self) -> str:
        return f"SIGKILL {'after' if self.answered else 'before'} write {self.number}"


@dataclass(slots=True)
class Run:
    """One telling of a story by processes."""

    story: Story
    api: Api
    ref: Ref
    directory: Path
    module: str = TINY_OPERATOR
    point: Point | None = None
    operator: OperatorProcess | None = None
    base: int = 0
    last: float = 0.0
    fatal: bool = False
    has_begun: bool = False
    """Whether the story has: its first part only stands."""
    held: Mapping[str, str] = field(default_factory=dict)
    person: Person = field(init=False)
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.person, self.history = Person(self.story, self.ref.namespace), self.story.history

    def wrote(self, answer: bytes) -> None:
        """The proxy tells what the API server has now."""
        live = orjson.loads(answer)
        if live["kind"] != "Status":
            self.history.saw(live)

    def seen(self, number: int, answered: bool) -> None:
        """The proxy tells of a write: the operator dies here, or it does not."""
        self.last = time.monotonic()
        hit = self.point and number - self.base == self.point.number and answered == self.point.answered
        if hit and self.operator and not self.fatal:
            self.fatal = True
            self.operator.kill()

    async def tell(self, proxy: Proxy) -> Ending:
        """The whole run; the ending as the API server shows it."""
        kubeconfig = plain_kubeconfig(self.directory / "proxy.kubeconfig", proxy.url)
        if self.story.before is not None:
            await self._apply(self.story.before)
        point, self.point = self.point, None
        self._start(kubeconfig)
        if self.story.before is not None:
            await self._until(self._stands)
            self.held = await self._data()
            assert self.held, "what stands has data, or the story proves nothing of it"
        self.base, self.point = proxy.writes, point
        await self._happen()
        self.has_begun = True
        await self._until(self._is_over_or_dead)
        writes = proxy.writes - self.base
        if self.operator and point:
            # Fewer writes than in the undisturbed run: then it dies after the last one.
            self.operator.kill()
            self.operator.wait()
            self.held = self.held or await self._data()
            self._start(kubeconfig)
            await self._until(self._is_at_work)
            await self._until(self._is_over)
        return await self._ending(writes)

    def _start(self, kubeconfig: Path) -> None:
        log = self.directory / "operator.log"
        self.operator = OperatorProcess(kubeconfig, log, self.module, namespaces=self.ref.namespace)

    async def _apply(self, spec: Any, asks: Mapping[str, str] | None = None) -> None:
        resource = self.ref.resource
        metadata = {"name": self.ref.name, "namespace": self.ref.namespace, "annotations": dict(asks or {})}
        body = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": dict(spec)}
        params = {"fieldManager": "a-person", "force": "true"}
        await asked(self.api, Request("PATCH", self.ref, self.ref.path, params, body, APPLY))

    async def _happen(self) -> None:
        if self.story.after is not None:
            await self._apply(self.story.after)
        else:
            await asked(self.api, Request("DELETE", self.ref, self.ref.path))

    async def _is_at_work(self) -> bool:
        """Whether the operator has looked: what the killed one left must not be taken for the end."""
        if self.operator is None or not self.operator.answers("/readyz"):
            return False
        gone = await self._cluster().read(self.ref) is None
        if not gone and 'outcome="Done"' not in self.operator.ops("/metrics"):
            return self.story.after is None
        self.last = time.monotonic()
        return True

    async def _is_over_or_dead(self) -> bool:
        if self.operator and self.operator.process.poll() is not None:
            if not self.fatal:
                raise RuntimeError(f"the operator ended by itself: {self.operator.log}")
            return True
        return await self._is_over()

    async def _is_over(self) -> bool:
        if self.story.after is not None:
            return await self._stands()
        world = await world_of(self.story.kind, self._cluster(), self.ref.namespace)
        owned = any(one["metadata"].get("ownerReferences") for one in world.values())
        return not owned and await self._cluster().read(self.ref) is None

    async def _stands(self) -> bool:
        live = await self._cluster().read(self.ref)
        status = (live or {}).get("status") or {}
        if live is None or status.get("observedGeneration") != live["metadata"]["generation"]:
            return False
        if self.has_begun and (cue := self.person.sees(live)):
            await self._apply(cue.spec, cue.asks)
            return False
        done = self.person.is_content if self.has_begun else self.story.settled
        return done(live) and time.monotonic() - self.last > QUIET

    async def _until(self, done: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE + GARBAGE):
            while not await done():  # noqa: ASYNC110 - the API server is asked, it does not ring
                await asyncio.sleep(0.03)

    async def _ending(self, writes: int) -> Ending:
        world = await world_of(self.story.kind, self._cluster(), self.ref.namespace)
        status = await status_of(self.api, self.ref) if self.story.after is not None else None
        if self.operator:
            self.operator.stop()
        gone = lost(self.held, await self._data())
        return Ending(world, status, writes, gone, self.history.weights(), self.history.broken())

    async def _data(self) -> Mapping[str, str]:
        return await data_of(self.story.kind, self._cluster(), self.ref.namespace)

    def _cluster(self) -> ApiCluster:
        return ApiCluster(self.api, Store(lambda owner, why: None, []))


def points_of(undisturbed: Ending) -> list[Point]:
    """Before and after each write."""
    return [Point(number, answered) for number in range(1, undisturbed.writes + 1) for answered in (False, True)]


@dataclass(frozen=True, slots=True)
class Killing:
    """Where stories are told: a floor, and the operator's module."""

    connection: Connection
    directory: Path
    namespaces: Callable[[], str]
    module: str = TINY_OPERATOR
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))

    async def told(self, story: Story, point: Point | None = None) -> Ending:
        """One run, killed at `point` and carried on by a new process."""
        async with self.at_once:
            return await self._told(story, point)

    async def differences(self, name: str, story: Story, undisturbed: Ending, points: Iterable[Point]) -> list[str]:
        """One line for each of `points` whose run ended in another world than the undisturbed one; empty is good."""

        async def difference(point: Point) -> str:
            return difference_of(undisturbed, await self.told(story, point), f"{name}, {point}")

        return [line for line in await asyncio.gather(*map(difference, points)) if line]

    async def _told(self, story: Story, point: Point | None) -> Ending:
        namespace = self.namespaces()
        directory = self.directory / namespace
        directory.mkdir()
        async with Api(self.connection, lambda verb, code: None) as api:
            ref = Ref(story.kind.resource, namespace, "links")
            run = Run(story, api, ref, directory, self.module, point)
            with a_proxy(self.connection, run.seen, run.wrote) as proxy:
                try:
                    return await run.tell(proxy)
                finally:
                    if run.operator and run.operator.process.poll() is None:
                        run.operator.kill()
                        run.operator.wait()
