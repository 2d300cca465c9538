"""Who counts for one SLO, and what of it has been told to the gate.

The gateway decides where it knows the route, for a dead pod moves no counter of its own. While it cannot be read
nothing is told for some seconds, as its next page makes up for them; then the pods take over, from what was told last,
so that no request is lost or told twice. When it is back, one look goes by until it decides again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from toprope.delivery.gate.counts import NONE, Counts
from toprope.slo.now import Count
from toprope.slo.sli import GATEWAY

WAITS = 3.0
"""Seconds without the gateway's page until pods count."""


class Counter(StrEnum):
    """Who counts, as the status names him."""

    GATEWAY = GATEWAY
    PODS = "Pods"


@dataclass(frozen=True, slots=True)
class Grown:
    """What came at both sides between two looks, by one who counts; None: of that side he saw nobody."""

    candidate: Count | None
    stable: Count | None


UNSEEN = Grown(None, None)


@dataclass(slots=True)
class _Untold:
    """What one who counts has seen of one side, and not told yet."""

    count: Count = field(default_factory=Count)
    is_known: bool = False
    """At the last look."""
    was_missed: bool = False
    """A look was told without it: what comes now came in part before."""

    def saw(self, grown: Count | None) -> None:
        self.is_known = grown is not None
        self.count += grown or Count()

    def told(self, *, needed: bool) -> Counts | None:
        """What is to be told of it; `needed` tells also what came at looks that missed it."""
        if not self.is_known:
            self.was_missed = True
            return None
        total = float(self.count.total)
        # A page may be read while it is written.
        counts = NONE if self.was_missed and not needed else Counts(total, min(total, float(self.count.bad)))
        self.clear()
        return counts

    def clear(self) -> None:
        self.count, self.was_missed = Count(), False


class Feed:
    """Of one SLO of one trial."""

    def __init__(self) -> None:
        self.counter = Counter.PODS
        self.lost = 0.0
        """Bad requests of the candidate's that were told."""
        self._untold = {counter: (_Untold(), _Untold()) for counter in Counter}
        self._unread_since: float | None = None
        self._is_bridged = True
        """Whether the gateway's counters go on from what was told last."""

    def told(self, at: float, by: Mapping[Counter, Grown], gateway_knows: bool) -> tuple[Counts, Counts | None] | None:
        """Candidate's and stable's new requests for the gate, after a look at `at`; None: nothing to tell yet."""
        for each, sides in self._untold.items():
            grown = by.get(each, UNSEEN)
            sides[0].saw(grown.candidate)
            sides[1].saw(grown.stable)
        counter = self._who(at, Counter.GATEWAY in by, gateway_knows)
        if counter is None or not self._untold[counter][0].is_known:
            return None
        candidate, stable = self._untold[counter]
        told = (candidate.told(needed=True) or NONE, stable.told(needed=False))
        self._settle(counter, is_read=Counter.GATEWAY in by)
        self.lost += told[0].bad
        return told

    def _who(self, at: float, is_read: bool, gateway_knows: bool) -> Counter | None:
        if not gateway_knows:
            return Counter.PODS
        if is_read:
            self._unread_since = None
            return Counter.GATEWAY if self._is_bridged else Counter.PODS
        self._unread_since = at if self._unread_since is None else self._unread_since
        return Counter.PODS if at - self._unread_since >= WAITS else None

    def _settle(self, counter: Counter, *, is_read: bool) -> None:
        """What the others have counted of the same requests is told with it."""
        self.counter = counter
        for other, sides in self._untold.items():
            if other is not counter:
                sides[0].clear()
                sides[1].clear()
        self._is_bridged = counter is Counter.GATEWAY or is_read
