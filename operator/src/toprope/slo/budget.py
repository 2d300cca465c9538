"""What is left of an error budget, from the numbers that Prometheus recorded.

    nobody counts, or there is no ratio or budget ──► NoData
    nothing left, and ten bad events or more ───────► Exhausted
    a live tier above its factor, on enough events ─► Burning
    else ───────────────────────────────────────────► Met

A tier holds here exactly when its alert's expression does (`rules.fires`). What a window remembers says nothing of now:
sums over days go on for as long as they last after the counters have gone, and bad minutes leave them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from toprope.core.measured import Numbers, Sample, value
from toprope.slo.promise import Promise
from toprope.slo.windows import NEARLY, Tier, duration, tiers, today

ENOUGH = 10
"""Bad events below which a spent budget says nothing yet: one of a young service's first hundred is no trend."""


class State(StrEnum):
    """Where an SLO stands."""

    MET = "Met"
    BURNING = "Burning"
    EXHAUSTED = "Exhausted"
    NO_DATA = "NoData"


@dataclass(frozen=True, slots=True)
class Budget:
    """Where an SLO stands. Nothing is rounded; what is not known is None."""

    state: State
    attained: float | None = None
    """Percent of the events that were good."""
    remaining: float | None = None
    """Share of the budget that is left: 1 is all of it, below 0 more was spent than there was."""
    events: float | None = None
    """Bad events that the budget allows in the SLO's window."""
    bad: float | None = None
    """Bad events that there were."""
    burn: Mapping[str, float] = field(default_factory=dict)
    """Burn rate by tier, of both its windows the smaller one: the tier holds while that is above its factor."""
    holding: tuple[str, ...] = ()
    """The tiers that hold."""
    exhausted_in: timedelta | None = None
    """When nothing will be left, at today's burn; None when it lasts."""
    history_since: datetime | None = None
    """When the history begins, where it is shorter than the window."""
    history_too_short: bool = False
    """Whether Prometheus keeps less than the window."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One SLO at one moment."""

    promise: Promise
    numbers: Numbers
    now: datetime

    def at(self, recorded: Mapping[str, Sample], window: int) -> float | None:
        return value(recorded.get(duration(window)), self.now)

    @property
    def young(self) -> datetime | None:
        """When the history began, where it is shorter than the window."""
        since, whole = self.numbers.since, timedelta(seconds=self.promise.window - NEARLY)
        return since if since and self.now - since < whole else None


def budget(promise: Promise, numbers: Numbers, retention: timedelta | None, now: datetime) -> Budget:
    """Where the SLO stands; `retention` is what Prometheus keeps, None where it does not say."""
    look = _Look(promise, numbers, now)
    too_short = retention is not None and retention < timedelta(seconds=promise.window)
    error, remaining = value(numbers.error, now), value(numbers.left, now)
    if error is None or remaining is None or value(numbers.counted, now) is None:
        return Budget(State.NO_DATA, history_since=look.young, history_too_short=too_short)
    bad, burn = look.at(numbers.bad, promise.window), _burn(look)
    holding = tuple(tier.name for tier in promise.live if _holds(look, tier, burn.get(tier.name)))
    return Budget(
        state=_state(remaining, bad, holding),
        attained=100 * min(1.0, max(0.0, 1 - error)),
        remaining=remaining,
        events=value(numbers.allowed, now),
        bad=bad,
        burn=burn,
        holding=holding,
        exhausted_in=_exhausted_in(look, remaining),
        history_since=look.young,
        history_too_short=too_short,
    )


def _state(remaining: float, bad: float | None, holding: Sequence[str]) -> State:
    # Rates are extrapolated: ten events may be counted as 9.9.
    if remaining <= 0 and bad is not None and round(bad) >= ENOUGH:
        return State.EXHAUSTED
    return State.BURNING if holding else State.MET


def _burn(look: _Look) -> dict[str, float]:
    burn = {}
    for tier in tiers(look.promise.window):
        short, long = look.at(look.numbers.burn, tier.short), look.at(look.numbers.burn, tier.long)
        if short is not None and long is not None and not tier.is_dead(look.promise.budget):
            burn[tier.name] = min(short, long)
    return burn


def _holds(look: _Look, tier: Tier, burn: float | None) -> bool:
    bad, total = look.at(look.numbers.bad, tier.long), look.at(look.numbers.total, tier.long)
    if burn is None or bad is None or total is None or total < 0 or burn <= float(tier.factor):
        return False
    return bad > tier.chance(float(look.promise.budget), total)


def _exhausted_in(look: _Look, remaining: float) -> timedelta | None:
    """A day's burn: long enough that a night and a peak are both in it, short enough to be today's.

    What lasts longer than the window lasts for good: by then, all that was burnt before has left it.
    """
    if remaining <= 0:
        return timedelta(0)
    burn = look.at(look.numbers.burn, today(look.promise.window))
    if burn is None or burn < remaining:
        return None
    # At most a window: whatever somebody recorded, it is a time.
    return timedelta(seconds=min(1.0, remaining / burn) * look.promise.window)
