"""The port `Now`: looks at every trial that is asked about, once a second.

A trial is looked at from the first time that somebody asks about it until three minutes after the last time: in
trouble a pass may end only then, and what was counted and found must outlive it. Pods, gateway and API server have less
than a second each, and who is late is missing.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from yarl import URL

from toprope.core.names import label_value
from toprope.core.resource import Resource
from toprope.delivery.facts import Answer
from toprope.delivery.pods import Pod
from toprope.delivery.trial import Looked, Trial
from toprope.io.now.gateway import CountsBackends
from toprope.io.now.look import Asked, Look
from toprope.io.now.nodes import Nodes
from toprope.io.now.pages import NoAnswer, OtherAnswer, Pages
from toprope.io.now.roll import Listed, Roll
from toprope.io.now.watched import Watched
from toprope.ports import Clock, Cluster
from toprope.slo.now import NoSliPage, read

EVERY = 1.0
LEAST_REST = 0.1
LISTS_WITHIN = 0.5
"""Seconds that a look waits for lists of pods; one that takes longer is for the next look."""
PATIENCE = 0.5
"""Seconds that a pod has to answer."""
LARGEST = 64 * 1024
"""Bytes of a pod's page; it has some 2 KB."""
FORGOTTEN_AFTER = 180.0
"""Longer than the longest pass and the longest back-off after it: while the API server fails, too, somebody looks."""

Owner = tuple[str, str, str]
Ring = Callable[[Owner, str], None]


class LooksAtBackends(CountsBackends, Protocol):
    """What looks need of a gateway."""

    async def look(self) -> None:
        """One look at all its processes."""
        ...

    def rest(self) -> None:
        """Nobody looks for a while."""
        ...


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who is asked."""

    cluster: Cluster
    pages: Pages
    """Of pods."""
    gateway: LooksAtBackends
    nodes: Nodes | None = None
    """None where the operator may not read nodes."""


class Scrape:
    """`keep` it running."""

    def __init__(self, eyes: Eyes, clock: Clock, ring: Ring, beat: Callable[[], float] = time.monotonic) -> None:
        """`beat` gives seconds of a clock that never leaps."""
        self._eyes = eyes
        self._clock = clock
        self._ring = ring
        self._beat = beat
        self._watched: dict[Owner, Watched] = {}
        self._wanted = asyncio.Event()

    def of(self, resource: Resource, trial: Trial) -> Looked:
        """What has been seen of the trial so far."""
        owner, beat = (resource.namespace, resource.ref.resource.kind, resource.name), self._beat()
        watched = self._watched.get(owner)
        if watched is None or not watched.is_of(trial):
            self._forget(owner)
            roll = Roll(self._eyes.cluster, resource.namespace, self._beat)
            watched = self._watched[owner] = Watched(resource, trial, roll, beat, self._clock.now())
        else:
            watched.asked(resource, trial, beat)
        self._wanted.set()
        return watched.looked()

    async def keep(self) -> None:
        """Looks for as long as it is not cancelled, and rests while nobody asks."""
        while True:
            await self._wanted.wait()
            began = self._beat()
            await self.look()
            await asyncio.sleep(max(LEAST_REST, began + EVERY - self._beat()))

    async def look(self) -> None:
        """One look at all trials, and the bells of those whom it concerns."""
        for owner, watched in list(self._watched.items()):
            if self._beat() - watched.asked_at > FORGOTTEN_AFTER:
                self._forget(owner)
        if not self._watched:
            self._wanted.clear()
            self._eyes.gateway.rest()
            return
        looked_at = dict(self._watched)
        await _list(looked_at.values())
        await self._see(looked_at)
        for owner, watched in looked_at.items():
            self._tell(owner, watched)

    def _forget(self, owner: Owner) -> None:
        if watched := self._watched.pop(owner, None):
            watched.roll.end()

    async def _see(self, watched: Mapping[Owner, Watched]) -> None:
        at, now = self._beat(), self._clock.now()
        listed = {owner: found for owner, one in watched.items() if (found := one.roll.newest())}
        answers = {owner: self._ask_all(found, watched[owner].trial.ops_port) for owner, found in listed.items()}
        await asyncio.gather(self._eyes.gateway.look(), self._ask_nodes(watched.values()), *answers.values())
        for owner, one in watched.items():
            if owner in listed:
                became = {pod.uid: asked for pod, asked in answers[owner].result()}
                one.saw(Look(at, now, listed[owner], became, self._node_lived), self._eyes.gateway)
            else:
                one.unseen()

    def _ask_all(self, listed: Listed, port: int) -> asyncio.Future[list[tuple[Pod, Asked]]]:
        return asyncio.gather(*(self._ask(pod, port) for pod in listed.pods if pod.address))

    async def _ask(self, pod: Pod, port: int) -> tuple[Pod, Asked]:
        url = URL.build(scheme="http", host=pod.address, port=port, path="/sli")
        try:
            return pod, Asked(Answer.PAGE, read(await self._eyes.pages.get(url)))
        except NoAnswer as error:
            return pod, Asked(Answer.NONE, why=str(error))
        except (OtherAnswer, NoSliPage) as error:
            return pod, Asked(Answer.OTHER, why=str(error))

    async def _ask_nodes(self, watched: Iterable[Watched]) -> None:
        if self._eyes.nodes:
            await self._eyes.nodes.ask({node for one in watched for node in one.witness.silent_nodes()})

    def _node_lived(self, name: str) -> float | None:
        return self._eyes.nodes.lived(name) if self._eyes.nodes else None

    def _tell(self, owner: Owner, watched: Watched) -> None:
        # Of one that was replaced meanwhile nobody wants to hear.
        if self._watched.get(owner) is watched and watched.news() != watched.told:
            watched.told = watched.news()
            self._ring((owner[0], owner[1], label_value(owner[2])), "Now")


async def _list(watched: Iterable[Watched]) -> None:
    due = [task for one in watched if (task := one.roll.due(one.trial))]
    if due:
        await asyncio.wait(due, timeout=LISTS_WITHIN)
