"""The newest numbers of all SLOs, in memory: a pass looks them up and asks nobody.

    Prometheus ◄── a handful of queries for all resources, every 20 s ── Ledger ──► bells of those whose status moved
                                                                           ▲
                                                              a pass ── of(resource)

What was handed out is remembered, and a bell rings when the status that follows from it would be another one now: also
when nothing is known any more.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from toprope.core.measured import Blindness, Measured, Numbers
from toprope.core.names import label_value
from toprope.core.resource import Resource
from toprope.io.explained import Explanations
from toprope.io.prometheus import Prometheus, Unseen
from toprope.io.recorded import HISTORY, QUERIES, Recording, Remembered, histories
from toprope.ports import Clock
from toprope.slo.promise import Promise, promise_of
from toprope.slo.rules import Identity
from toprope.slo.status import SloStatus, Standing, standings

EVERY = 20.0
EAGER = 5.0
YOUNG = timedelta(minutes=5)
"""How long somebody who asks and has no number yet is looked at `EAGER`ly: the first ones come by the minute."""
LONGEST_LOOK = 30.0
BLIND_AFTER = timedelta(seconds=60)
"""Two looks may fail before the numbers are given up."""
HISTORY_EVERY, HISTORY_AGAIN = timedelta(hours=1), timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(minutes=30)
"""A resource that is there is looked at every ten minutes."""
SOME = 50
"""Resources between two breaths of the loop that others share."""

log = logging.getLogger(__name__)

Owner = tuple[str, str, str]
Ring = Callable[[Owner, str], None]


class NoPrometheus:
    """Metrics of an operator that knows of no Prometheus."""

    def of(self, resource: Resource) -> Measured:
        """Nothing is known."""
        return Measured(blind=Blindness(None, ""))


@dataclass(frozen=True, slots=True)
class Reading:
    """One SLO as of the last look, for the operator's own metrics."""

    identity: Identity
    standing: Standing
    newest: datetime | None
    """When its newest sample was recorded, however long ago."""


@dataclass(slots=True)
class _Kept:
    """A resource that somebody asked about."""

    promises: Sequence[Promise]
    told: Sequence[SloStatus]
    facts: object
    asked: datetime
    since: datetime
    """When it was first asked about."""

    def is_young(self, now: datetime) -> bool:
        """Whether a number is about to come for the first time."""
        return now - self.since < YOUNG and any(one.attained is None for one in self.told)


class Ledger:
    """Metrics from Prometheus. `keep` it running; `looked` is set after the first look, however it went."""

    def __init__(self, prometheus: Prometheus, clock: Clock, ring: Ring) -> None:
        self._prometheus = prometheus
        self._clock = clock
        self._ring = ring
        self.looked = asyncio.Event()
        self.readings: tuple[Reading, ...] = ()
        """Of all SLOs that a pass has asked about. Read from any thread."""
        self._numbers: Mapping[Identity, Numbers] = {}
        self._since: dict[Remembered, datetime] = {}
        self._retention: timedelta | None = None
        self._kept: dict[Owner, _Kept] = {}
        self._explanations = Explanations(prometheus)
        self._began = clock.now()
        self._answered: datetime | None = None
        self._history_due = self._began
        self._retold = False
        """Whether it is known of which SLOs there is a history: the others begin when they are first seen."""
        self._why = "It has not answered yet."

    def of(self, resource: Resource) -> Measured:
        """What is known of the SLOs of a resource: of `spec.slos`, beside what `status.slos` says."""
        owner, now = (resource.namespace, resource.ref.resource.kind, resource.name), self._clock.now()
        promises = [promise_of(slo) for slo in resource.spec.slos]
        measured = self._measured(owner, promises, now)
        told = [one.status for one in standings(promises, measured, resource.status.slos, now)]
        before = self._kept.get(owner)
        self._kept[owner] = _Kept(promises, told, _facts(measured), now, before.since if before else now)
        return measured

    async def keep(self) -> None:
        """Looks for as long as it is not cancelled."""
        while True:
            began = asyncio.get_running_loop().time()
            await self.look()
            self.looked.set()
            took = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(1.0, self.pause() - took))

    def pause(self) -> float:
        """Seconds from one look to the next."""
        now = self._clock.now()
        return EAGER if any(one.is_young(now) for one in self._kept.values()) else EVERY

    async def look(self) -> None:
        """One look, and the bells of those whom it concerns. A mistake of ours in a number that somebody recorded must
        not end the operator: without looks it says itself that it is blind."""
        try:
            await self._look()
        except Exception:
            log.exception("a look at Prometheus failed by a mistake of ours")

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                await self._ask()
        except TimeoutError:
            self._missed(f"It took longer than {LONGEST_LOOK:.0f} s to answer.")
        except Unseen as error:
            self._missed(str(error))
        await self._tell(self._clock.now())

    def _missed(self, why: str) -> None:
        self._why = why
        log.warning("Prometheus: %s", why)

    async def _ask(self) -> None:
        clock, now = await self._prometheus.clock(), self._clock.now()
        recording = Recording()
        for query in QUERIES:
            recording.note(await self._prometheus.newest(query, clock))
        numbers = recording.numbers(clock, now)
        returned = self._answered is None or now - self._answered > BLIND_AFTER
        self._numbers, self._answered = numbers, now
        if returned or now >= self._history_due:
            await self._ask_history(clock, now)
        if self._retold:
            born = {(identity, one.sli): one.evaluated.at for identity, one in numbers.items() if one.evaluated}
            self._since = born | self._since
        wanted = {identity: self._is_seen(identity) for owner in self._kept for identity in self._identities(owner)}
        await self._explanations.ask(wanted, now)

    async def _ask_history(self, clock: float, now: datetime) -> None:
        """What costs more, and may fail without making the rest unknown."""
        self._history_due = now + HISTORY_AGAIN
        try:
            begun = [one for query in HISTORY for one in await self._prometheus.values(query, clock)]
            since = histories(begun, clock, now)
            self._retention = span_of(await self._prometheus.retention())
        except Unseen as error:
            log.warning("Prometheus does not tell how far back it remembers: %s", error)
            return
        self._history_due, self._retold = now + HISTORY_EVERY, True
        # It is asked by the hour; what was seen to begin is known better.
        self._since = {
            what: known if (known := self._since.get(what)) and abs(known - at) < HISTORY_EVERY else at
            for what, at in since.items()
        }

    def _is_seen(self, identity: Identity) -> bool:
        numbers = self._numbers.get(identity)
        return numbers is not None and numbers.counted is not None

    def _identities(self, owner: Owner) -> Iterable[Identity]:
        return (Identity(*owner, promise.name) for promise in self._kept[owner].promises)

    async def _tell(self, now: datetime) -> None:
        readings: list[Reading] = []
        for count, (owner, kept) in enumerate(list(self._kept.items()), 1):
            if now - kept.asked > FORGOTTEN_AFTER:
                self._kept.pop(owner, None)
                continue
            readings += self._compare(owner, kept, now)
            if count % SOME == 0:
                await asyncio.sleep(0)
        self.readings = tuple(readings)

    def _compare(self, owner: Owner, kept: _Kept, now: datetime) -> Iterable[Reading]:
        measured = self._measured(owner, kept.promises, now)
        found = standings(kept.promises, measured, kept.told, now)
        told, facts = [one.status for one in found], _facts(measured)
        if (told, facts) != (kept.told, kept.facts):
            kept.told, kept.facts = told, facts
            self._ring((owner[0], owner[1], label_value(owner[2])), "Metrics")
        for one in found:
            identity = Identity(*owner, one.promise.name)
            last = self._numbers.get(identity, Numbers()).evaluated
            yield Reading(identity, one, last.at if last else None)

    def _measured(self, owner: Owner, promises: Iterable[Promise], now: datetime) -> Measured:
        if blind := self._blindness(now):
            return Measured(blind=blind)
        identities = {promise.name: Identity(*owner, promise.name) for promise in promises}
        numbers = {slo: self._known(identity) for slo, identity in identities.items()}
        return Measured(numbers, retention=self._retention)

    def _known(self, identity: Identity) -> Numbers:
        said, found = self._explanations.of(identity), self._numbers.get(identity, Numbers())
        begun = (self._since.get((identity, sli)) for sli in (found.sli, ""))
        return replace(
            found,
            since=min(filter(None, begun), default=None),
            loaded=said.loaded if said else None,
            failing=said.failing if said else None,
        )

    def _blindness(self, now: datetime) -> Blindness | None:
        if self._answered is None:
            return Blindness(self._began, self._why)
        return Blindness(self._answered, self._why) if now - self._answered > BLIND_AFTER else None


def _facts(measured: Measured) -> object:
    """What conditions say beside the statuses."""
    facts = [(slo, one.rules, one.loaded, one.failing, *_missing(one)) for slo, one in measured.numbers.items()]
    return (measured.blind.since if measured.blind else None, measured.retention, facts)


def _missing(one: Numbers) -> Iterable[bool]:
    return (sample is None for sample in (one.counted, one.bucket, one.gateway_lately, one.bad_series))


_FOR_EVER = 100 * 365 * 86400.0
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}


def span_of(retention: str) -> timedelta | None:
    """A retention as Prometheus writes it (`15d`, `30d or 10GiB`); None where only the size is bounded."""
    text = retention.split(" ", maxsplit=1)[0]
    if not re.fullmatch(r"(\d{1,18}(ms|[smhdwy])){1,9}", text):
        return None
    seconds = sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))
    return timedelta(seconds=min(seconds, _FOR_EVER))
