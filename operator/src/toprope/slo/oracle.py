"""When the alerts of an SLO must fire, from the maths alone: no rule is read here, and no formula shared with them.

Traffic is a sequence of phases, each with a constant rate of requests and a constant share of bad ones. A tier fires at
the moment t when, over both of its windows,

    bad(t - W, t) / total(t - W, t) > f · EB      and      bad > 1.5 + k · √(EB · (1 - EB) · total)  in the long one.

For constant traffic and a clean past that is t* = f · EB · W_long / e after the errors began.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from math import sqrt

from toprope.slo.windows import HOUR, Severity, Tier, today

_STEP = 30
"""Seconds between two looks; what changed between them is found to the second."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of constant traffic."""

    seconds: int
    per_second: float
    """Requests."""
    bad: float
    """Share of bad ones, 0 to 1."""
    up: bool = True
    """Whether there are pods; without any, all requests are bad."""
    counted: bool = True
    """Whether anybody counts, and Prometheus scrapes anybody; else nothing is known."""


class Traffic:
    """What was asked of a service, from its first request on; t in seconds."""

    def __init__(self, phases: Sequence[Phase]) -> None:
        self.phases = tuple(phases)
        self._starts = [0, *accumulate(phase.seconds for phase in phases)]
        self._totals = [0.0, *accumulate(phase.seconds * phase.per_second for phase in phases)]
        self._bads = [0.0, *accumulate(phase.seconds * phase.per_second * phase.bad for phase in phases)]

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        return self._starts[-1]

    def within(self, start: float, end: float) -> tuple[float, float]:
        """Requests between two moments, and the bad ones of them; before the first phase there were none."""
        (total, bad), (total_before, bad_before) = self._until(end), self._until(start)
        return total - total_before, bad - bad_before

    def counted(self, start: float) -> float:
        """For how many seconds somebody has counted since then."""
        spans = zip(self.phases, pairwise(self._starts), strict=True)
        return sum(max(0, end - max(begin, start)) for phase, (begin, end) in spans if phase.counted)

    def _until(self, now: float) -> tuple[float, float]:
        now = min(max(now, 0), self._starts[-1])
        index = min(bisect_right(self._starts, now), len(self.phases)) - 1
        phase = self.phases[index]
        since = (now - self._starts[index]) * phase.per_second
        return self._totals[index] + since, self._bads[index] + since * phase.bad


def fires(tier: Tier, budget: Decimal, traffic: Traffic, now: float) -> bool:
    """Whether the tier fires at that moment."""
    total, bad = traffic.within(now - tier.long, now)
    threshold = float(tier.threshold(budget))
    if bad <= threshold * total or bad <= 1.5 + tier.sigmas * sqrt(float(budget * (1 - budget)) * total):
        return False
    total, bad = traffic.within(now - tier.short, now)
    return bad > threshold * total


@dataclass(frozen=True, slots=True)
class Turn:
    """A moment at which alerts of one severity begin or cease to fire."""

    at: int
    """Seconds; the first whole second of the new state."""
    fires: bool
    by_sums: bool
    """Whether a tier whose long window is summed from 5-minute rates decides: those smear by up to 5 minutes."""


def turns(live: Sequence[Tier], severity: Severity, budget: Decimal, traffic: Traffic) -> list[Turn]:
    """All turns of a severity, in order; it does not fire in the beginning. Two within a step may stay unseen."""
    tiers = [tier for tier in live if tier.severity is severity]

    def firing(now: int) -> tuple[Tier, ...]:
        return tuple(tier for tier in tiers if fires(tier, budget, traffic, now))

    found: list[Turn] = []
    before = firing(0)
    for end in range(_STEP, traffic.seconds + 1, _STEP):
        after = firing(end)
        if bool(after) != bool(before):
            at = bisect_left(range(end), True, lo=end - _STEP, key=lambda now: bool(firing(now)) == bool(after))
            found.append(Turn(at, bool(after), any(tier.long > HOUR for tier in after or before)))
        before = after
    return found


def error_ratio(traffic: Traffic) -> float:
    """Bad events over all events at its end, in a window that holds it whole."""
    total, bad = traffic.within(0, traffic.seconds)
    return bad / total


def budget_left(traffic: Traffic, window: int, budget: Decimal) -> float:
    """Share of the budget that is left at its end, in a window that it does not fill: what the budget allows is
    reckoned for a whole window at today's rate, or for what was seen, if that is more."""
    total, bad = traffic.within(0, traffic.seconds)
    day = traffic.seconds - today(window)
    asked, _ = traffic.within(day, traffic.seconds)
    return 1 - bad / (float(budget) * max(total, asked / traffic.counted(day) * window))
