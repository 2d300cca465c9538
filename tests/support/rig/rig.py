"""A floor whose web pods answer `/sli`, so that the operator's own eyes see rollouts on it.

    users ── by the route's weights, or by the plain Service ──► counters of each ready pod ── /sli ──► operator
    API server ── pods, routes, Services, resources ──► who is there, and the history of each resource

One resource, `links`, in each namespace. On a thread of its own, so that a test may wait for the operator's process.
"""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from dev.floor import Floor
from tests.support.rig.answers import Answers
from tests.support.rig.doors import is_open, shares
from tests.support.rig.history import History, moment
from tests.support.rig.kubelet import keep_alive
from tests.support.rig.pods import WELL, Behaviour
from toprope.core.names import COMPONENT, OWNER_KIND, REVISION
from toprope.core.objects import HTTP_ROUTE, POD, SERVICE, Manifest, Ref, labels_of
from toprope.delivery.pods import Pod, pod_of
from toprope.io.api import Api
from toprope.io.credentials import from_kubeconfig
from toprope.io.store import Owner, Store
from toprope.io.watch import Reflector
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.serving.places import WEB

NAME = "links"
TICK = 0.1
GONE = Behaviour(refuses=True)


@dataclass(slots=True)
class Crowd:
    """Users of one resource, and how its pods treat them."""

    rate: float = 0.0
    """Requests a second."""
    stable: Behaviour = WELL
    candidate: Behaviour = WELL
    """Of every revision that is not stable."""
    history: History = field(default_factory=History)
    visited: float = field(default_factory=time.monotonic)
    """Until when users have come."""


class Rig:
    """Use with `a_rig`. Crowds may be changed at any time, from any thread."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.answers = Answers(self._asked)
        self._crowds: dict[str, Crowd] = {}
        self._places: dict[str, str] = {}
        """Namespace of each address."""
        self._store = Store(self._rung, [POD, HTTP_ROUTE, SERVICE], [SHORTENER_APP.resource])
        self._ready, self._ends = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._broke: BaseException | None = None

    def crowd(self, namespace: str) -> Crowd:
        """Users of the resource in this namespace."""
        return self._crowds.setdefault(namespace, Crowd())

    def resource(self, namespace: str) -> Manifest | None:
        """As last heard of."""
        return self._store.get(Ref(SHORTENER_APP.resource, namespace, NAME))

    def route(self, namespace: str) -> Manifest | None:
        """As last heard of."""
        return next((one for one in self._children(namespace, {}) if one["kind"] == HTTP_ROUTE.kind), None)

    def plain(self, namespace: str) -> Manifest | None:
        """The Service that shares requests where the resource asks for no gateway, as last heard of."""
        if ((self.resource(namespace) or {}).get("spec") or {}).get("traffic"):
            return None
        return self._store.get(Ref(SERVICE, namespace, f"{NAME}-{WEB}"))

    def pods(self, namespace: str, revision: str = "") -> list[Manifest]:
        """Web pods, of one revision where it is given, as last heard of."""
        labels = {COMPONENT: WEB, OWNER_KIND: SHORTENER_APP.resource.kind} | ({REVISION: revision} if revision else {})
        return [one for one in self._children(namespace, labels) if one["kind"] == POD.kind]

    def start(self) -> None:
        """Returns once everything is watched."""
        self._thread.start()
        if not self._ready.wait(60) or self._broke:
            raise RuntimeError("the rig does not start") from self._broke

    def stop(self) -> None:
        """Nobody answers any more."""
        self._ends.set()
        self._thread.join(30)
        if self._broke:
            raise RuntimeError("the rig broke") from self._broke

    def _children(self, namespace: str, labels: Mapping[str, str]) -> list[Manifest]:
        return list(self._store.owned((namespace, SHORTENER_APP.resource.kind, NAME), labels))

    def _rung(self, owner: Owner, why: str) -> None:
        crowd, live = self._crowds.get(owner[0]), self.resource(owner[0])
        plain = self.plain(owner[0])
        if crowd and live and (plain or why != POD.kind):
            crowd.history.note(moment(live, self.route(owner[0]), plain, self.pods(owner[0]) if plain else ()))

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001 - told by whoever stops it
            self._broke = error
            self._ready.set()

    async def _live(self) -> None:
        async with Api(from_kubeconfig(self.floor.kubeconfig), lambda verb, code: None) as api:
            watches = [Reflector(api, self._store, one, None) for one in (POD, HTTP_ROUTE, SERVICE)]
            watches.append(Reflector(api, self._store, SHORTENER_APP.resource, None, ""))
            tasks = [asyncio.create_task(one.run()) for one in watches]
            tasks.append(asyncio.create_task(keep_alive(api)))
            try:
                await asyncio.gather(*(one.synced.wait() for one in watches))
                self._ready.set()
                await self._serve(tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self.answers.close()

    async def _serve(self, tasks: list[asyncio.Task[None]]) -> None:
        while not self._ends.is_set():
            for task in tasks:
                if task.done():
                    task.result()
            await self.answers.at(self._behaviours())
            for namespace in list(self._crowds):
                self._visit(namespace)
            await asyncio.sleep(TICK)

    def _behaviours(self) -> dict[str, Behaviour]:
        """Of every web pod that has an address."""
        return {
            # Harsher than a real one, which answers for some seconds more.
            pod.address: GONE if pod.is_leaving else self._behaviour(namespace, labels_of(live)[REVISION])
            for namespace in list(self._crowds)
            for live in self.pods(namespace)
            if (pod := self._placed(namespace, live)).address
        }

    def _placed(self, namespace: str, live: Manifest) -> Pod:
        pod = pod_of(live)
        self._places[pod.address] = namespace
        return pod

    def _asked(self, address: str) -> None:
        self._visit(self._places[address])

    def _behaviour(self, namespace: str, revision: str) -> Behaviour:
        status = (self.resource(namespace) or {}).get("status") or {}
        stable = (status.get("revision") or {}).get("stable")
        crowd = self._crowds[namespace]
        return crowd.stable if stable in (None, revision) else crowd.candidate

    def _visit(self, namespace: str) -> None:
        """Users come to pods that are ready; where there is none nobody counts them."""
        crowd, now = self._crowds[namespace], time.monotonic()
        requests, crowd.visited = crowd.rate * (now - crowd.visited), now
        weights = shares(self.route(namespace), self.plain(namespace), self.pods(namespace))
        for revision, weight in weights.items():
            open_ = [pod_of(one).address for one in self.pods(namespace, revision) if is_open(one)]
            for address in open_:
                self.answers.serve(address, requests * weight / sum(weights.values()) / len(open_))


@contextmanager
def a_rig(floor: Floor) -> Iterator[Rig]:
    """A running one."""
    rig = Rig(floor)
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()
