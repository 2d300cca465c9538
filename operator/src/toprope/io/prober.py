"""The port `Probes`: sends a number of requests to a candidate's pods before it has users.

    list its pods ──► reach each once, uncounted ──► the probes, in turn ──► list again ──► the bell
         ▲                    │ one cannot be reached       │ bad here and      │ one of them has gone
         └──────── a rest ◄───┴─────────────────────────────┴ at stable's pods ─┘

They say by a header that they are no users' requests, so pods count them apart. Each goes over a connection of its own,
as one that stays would only ever reach one process of a pod. A pass never waits for any of this, and nothing is kept
that cannot be done again: an operator that starts anew sends them anew.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from toprope.core.errors import TopropeError
from toprope.core.names import label_value
from toprope.core.objects import POD
from toprope.core.resource import Resource
from toprope.delivery.pods import Pod, pod_of
from toprope.delivery.probes import Probed, Probing
from toprope.delivery.traffic import ROUTE
from toprope.io.once import NO_CONNECTION, BrokenOff, once
from toprope.ports import Clock, Cluster

PATIENCE = 5.0
"""Seconds that a probe may take."""
REACHED_WITHIN = 2.0
"""Seconds of them for the connection."""
AT_A_TIME = 10
"""Probes of one candidate; more would measure how it bears a crowd."""
AT_ONCE = 50
"""Probes of all candidates."""
LARGEST = 64 * 1024
"""Bytes of an answer that are read."""
REST = 2.0
FORGOTTEN_AFTER = 60.0

Owner = tuple[str, str, str]
Ring = Callable[[Owner, str], None]


class NotReached(Exception):
    """No connection came about."""


class Prober:
    """Use as `async with`."""

    def __init__(self, cluster: Cluster, clock: Clock, ring: Ring, rest: float = REST) -> None:
        """`rest` are the seconds until what could not be probed is tried again."""
        self._cluster = cluster
        self._clock = clock
        self._ring = ring
        self._rest = rest
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tries: dict[Owner, _Try] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            middlewares=(once,),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={ROUTE: "preview", "User-Agent": "toprope-probe"},
            timeout=aiohttp.ClientTimeout(total=PATIENCE, sock_connect=REACHED_WITHIN),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = [one.task for one in self._tries.values() if one.task]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._session:
            await self._session.close()
            await asyncio.sleep(0.01)  # transports end in the loop's next turns

    def of(self, resource: Resource, probing: Probing) -> Probed:
        """What has become of the probes so far; they are sent from the first time that somebody asks for them."""
        self._forget()
        owner = (resource.namespace, resource.ref.resource.kind, resource.name)
        one = self._tries.get(owner)
        if one is None or one.probing != probing:
            self._end(owner)
            one = self._tries[owner] = _Try(probing, Probed(began=self._clock.now()))
            one.task = asyncio.create_task(self._run(owner, one))
        elif one.task and one.task.done() and not one.probed.sent:
            # A mistake of ours belongs into the pass that would wait for it for ever.
            del self._tries[owner]
            one.task.result()
        one.asked_at = time.monotonic()
        return one.probed

    def _forget(self) -> None:
        """Whoever lives on by what is known here asks again and again."""
        now = time.monotonic()
        for owner, one in list(self._tries.items()):
            if now - one.asked_at > FORGOTTEN_AFTER:
                self._end(owner)

    def _end(self, owner: Owner) -> None:
        one = self._tries.pop(owner, None)
        if one and one.task:
            one.task.cancel()

    async def _run(self, owner: Owner, one: "_Try") -> None:
        began = one.probed.began
        while time.monotonic() - one.asked_at < FORGOTTEN_AFTER:
            try:
                bad = await self._probed(owner[0], one.probing)
            except (NotReached, TopropeError) as error:
                one.probed = Probed(began, blind=str(error))
                await asyncio.sleep(self._rest)
            else:
                one.probed = Probed(began, one.probing.number, bad)
                self._ring((owner[0], owner[1], label_value(owner[2])), "Probes")
                return

    async def _probed(self, namespace: str, probing: Probing) -> Mapping[str, int]:
        """How many were bad, by how; NotReached where it is not the candidate that did not answer."""
        pods = await self._pods(namespace, probing)
        await asyncio.gather(*(self._reach(pod, probing) for pod in pods))
        found, beside = await asyncio.gather(self._answers(pods, probing), self._beside(namespace, probing))
        if found and beside:
            told = ", ".join(f"{number} {what}" for what, number in sorted(beside.items()))
            raise NotReached(f"Stable's pods answered probes badly, too ({told}); all probes are sent again.")
        left = {pod.uid for pod in await self._pods(namespace, probing, ready=False)}
        if gone := [pod.name for pod in pods if pod.uid not in left]:
            raise NotReached(f"Pod {gone[0]} was taken away while it was probed; all probes are sent again.")
        return dict(found)

    async def _answers(self, pods: Sequence[Pod], probing: Probing) -> Counter[str]:
        """How many were bad, by how."""
        turn = asyncio.Semaphore(AT_A_TIME)
        every = (self._probe(pods[index % len(pods)], probing, turn) for index in range(probing.number))
        return Counter(bad for bad in await asyncio.gather(*every) if bad)

    async def _beside(self, namespace: str, probing: Probing) -> Counter[str]:
        """The same of stable's pods, those that can be reached. Without any nobody is excused."""
        listed = await self._cluster.find(POD, namespace, probing.beside) if probing.beside else ()
        pods = _addressed(one for one in map(pod_of, listed) if one.is_ready and not one.is_leaving)
        is_reached = await asyncio.gather(*(self._is_reached(pod, probing) for pod in pods))
        reached = list(compress(pods, is_reached))
        return await self._answers(reached, probing) if reached else Counter()

    async def _pods(self, namespace: str, probing: Probing, *, ready: bool = True) -> Sequence[Pod]:
        found = await self._cluster.find(POD, namespace, probing.pods)
        pods = [one for one in map(pod_of, found) if not one.is_leaving and (one.is_ready or not ready)]
        if ready and not _addressed(pods):
            raise NotReached(f"Revision {probing.revision} has no ready pod to probe.")
        return _addressed(pods) if ready else pods

    async def _reach(self, pod: Pod, probing: Probing) -> None:
        try:
            async with self._slots:
                await self._ask(pod, probing)
        except NotReached as error:
            raise NotReached(
                f"Pod {pod.name} cannot be reached at port {probing.port}: {error}. Does a NetworkPolicy, or the "
                "operator's own network, keep the operator from it?"
            ) from error

    async def _is_reached(self, pod: Pod, probing: Probing) -> bool:
        try:
            await self._reach(pod, probing)
        except NotReached:
            return False
        return True

    async def _probe(self, pod: Pod, probing: Probing, turn: asyncio.Semaphore) -> str:
        async with turn, self._slots:
            try:
                return await self._ask(pod, probing)
            except NotReached:
                return "could not connect"

    async def _ask(self, pod: Pod, probing: Probing) -> str:
        """How the probe failed; empty: it did not."""
        if self._session is None:
            raise RuntimeError("Prober is used outside its `async with`.")
        path = probing.path.format(probe=secrets.token_hex(8))
        url = URL.build(scheme="http", host=pod.address, port=probing.port, path=path)
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                await answer.content.read(LARGEST)
                return f"answered {answer.status}" if answer.status >= 500 else ""
        except NO_CONNECTION as error:
            raise NotReached(type(error).__name__) from error
        except TimeoutError:
            return f"gave no answer in {PATIENCE:.0f} s"
        except (BrokenOff, aiohttp.ClientError, OSError):
            return "broke off"


class _Try:
    """One try of one candidate."""

    def __init__(self, probing: Probing, probed: Probed) -> None:
        self.probing = probing
        self.probed = probed
        self.asked_at = time.monotonic()
        self.task: asyncio.Task[None] | None = None


def _addressed(pods: Iterable[Pod]) -> list[Pod]:
    return [pod for pod in pods if pod.address]
