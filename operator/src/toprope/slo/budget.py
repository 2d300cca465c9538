"""What is left of an error budget, from the numbers that Prometheus recorded.

    no error ratio over the SLO's window ───────────► NoData
    nothing left, and ten bad events or more ───────► Exhausted
    a live tier above its factor, on enough events ─► Burning
    else ───────────────────────────────────────────► Met

A tier holds here exactly when its alert's expression does (`rules.fires`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from toprope.core.measured import Numbers, Sample, value
from toprope.slo.promise import Promise
from toprope.slo.rules import INTERVAL
from toprope.slo.windows import Severity, Tier, duration, tiers

ENOUGH = 10
"""Bad events below which a spent budget says nothing yet: one of a young service's first hundred is no trend."""
NEARLY = timedelta(hours=2)
"""How much of its window a history may lack and still be whole: its beginning is known to the hour."""


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
    def age(self) -> timedelta | None:
        """Of a history that is shorter than the window."""
        since = self.numbers.since
        whole = timedelta(seconds=self.promise.window) - NEARLY
        return self.now - since if since and self.now - since < whole else None


def budget(promise: Promise, numbers: Numbers, retention: timedelta | None, now: datetime) -> Budget:
    """Where the SLO stands; `retention` is what Prometheus keeps, None where it does not say."""
    look = _Look(promise, numbers, now)
    since = numbers.since if look.age is not None else None
    too_short = retention is not None and retention < timedelta(seconds=promise.window)
    error, burnt = value(numbers.error, now), look.at(numbers.burn, promise.window)
    if error is None or burnt is None:
        return Budget(State.NO_DATA, history_since=since, history_too_short=too_short)
    bad, events = look.at(numbers.bad, promise.window), _events(look)
    # A young history knows too few events: its budget is that of the whole window at today's rate.
    remaining = 1 - bad / events if look.age is not None and bad is not None and events else 1 - burnt
    burn = _burn(look)
    holding = tuple(tier.name for tier in promise.live if _holds(look, tier, burn.get(tier.name)))
    return Budget(
        state=_state(remaining, bad, holding),
        attained=100 * min(1.0, max(0.0, 1 - error)),
        remaining=remaining,
        events=events,
        bad=bad,
        burn=burn,
        holding=holding,
        exhausted_in=_exhausted_in(look, remaining),
        history_since=since,
        history_too_short=too_short,
    )


def _state(remaining: float, bad: float | None, holding: Sequence[str]) -> State:
    # Rates are extrapolated: ten events may be counted as 9.9.
    if remaining <= 0 and bad is not None and round(bad) >= ENOUGH:
        return State.EXHAUSTED
    return State.BURNING if holding else State.MET


def _events(look: _Look) -> float | None:
    seen = look.at(look.numbers.total, look.promise.window)
    if seen is None:
        return None
    if look.age is not None:
        today = _today(look.promise)
        lately = look.at(look.numbers.total, today) or 0.0
        rate = lately / min(float(today), max(look.age.total_seconds(), INTERVAL))
        seen = max(seen, rate * look.promise.window)
    return float(look.promise.budget) * seen


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
    burn = look.at(look.numbers.burn, _today(look.promise))
    if burn is None or burn < remaining:
        return None
    return timedelta(seconds=remaining * look.promise.window / burn)


def _today(promise: Promise) -> int:
    """A day; shorter where the windows of a short SLO are."""
    return min(tier.long for tier in tiers(promise.window) if tier.severity is Severity.TICKET)
