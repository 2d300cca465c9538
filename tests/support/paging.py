"""Which pages the rules send over years of chance: their arithmetic on counts alone, for one counter scraped regularly.

    rate over W      the counter's growth between the first and the last scrape within W, times W / (W - scrape):
                     half a scrape is extrapolated at either end
    windows > 1 h    sums of such 5-minute rates, one for each evaluation
    70 s             and whatever else is no whole minutes counts up to the next: it sees no fewer than the rules do

A model of the rules, and no part of the proof: it is held equal to the real expressions, minute by minute, by
tests/unit/support/test_paging.py, and then used where those would take hours.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from tests.support.promql.series import Index, Mask, Values
from toprope.slo.promise import Promise
from toprope.slo.rules import BASE, INTERVAL
from toprope.slo.windows import FLOOR, HOUR, MINUTE, Severity, Tier

YEAR = 365 * 24 * HOUR // INTERVAL
"""Evaluations."""
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counter:
    """What was scraped of one counter around each evaluation, the scrape not falling on it."""

    before: Counts
    """Its value at the last scrape before."""
    after: Counts
    """Its value at the first scrape after."""
    scrape: int
    """Seconds between two scrapes."""

    def increase(self, window: int, at: Index | None = None) -> Values:
        """What the rules say its increase is at these evaluations, or at all; too little for the first ones, whose
        window is cut."""
        at = np.arange(self.after.size) if at is None else at
        first = np.maximum(at - ceil(window / INTERVAL), 0)
        if window <= HOUR:
            grown, share = np.maximum(self.before[at] - self.after[first], 0), window / (window - self.scrape)
        else:
            sums = self._sums()
            grown, share = sums[at] - sums[first], INTERVAL / (BASE - self.scrape)
        increase: Values = grown.astype(np.float64) * share
        return increase

    def _sums(self) -> Counts:
        """Up to each evaluation, of what it grew by in the five minutes before each one."""
        each = BASE // INTERVAL
        grown = self.before[each:] - self.after[:-each]
        sums: Counts = np.concatenate([np.zeros(each, dtype=np.int64), np.cumsum(grown)])
        return sums


def scraped(counts: Counts, scrape: int) -> Counter:
    """A counter from what it grew by before each scrape; the first scrape comes just after the first evaluation."""
    value, each = np.cumsum(counts), MINUTE // scrape
    return Counter(np.concatenate([[0], value[each - 1 :: each]])[:-1], value[::each], scrape)


@dataclass(frozen=True, slots=True)
class Chance:
    """A service that answers each request badly with the same probability, asked at random."""

    per_hour: float
    """Requests."""
    bad: float
    """Probability."""
    scrape: int = 15

    def counters(self, chance: np.random.Generator, evaluations: int) -> tuple[Counter, Counter]:
        """The bad and the good requests of one telling."""
        return (
            self._counter(chance, evaluations, self.per_hour * self.bad),
            self._counter(chance, evaluations, self.per_hour * (1 - self.bad)),
        )

    def _counter(self, chance: np.random.Generator, evaluations: int, per_hour: float) -> Counter:
        within = chance.poisson(per_hour * (INTERVAL - self.scrape) / HOUR, evaluations)
        across = chance.poisson(per_hour * self.scrape / HOUR, evaluations)
        after = np.cumsum(within + across)
        return Counter(after - across, after, self.scrape)


def fires(promise: Promise, severity: Severity, bad: Counter, good: Counter, *, guarded: bool = True) -> Mask:
    """At which evaluations an alert of the severity fires; without its guard, on the error ratios alone."""
    firing = np.zeros(bad.after.size, dtype=np.bool_)
    for tier in promise.live:
        if tier.severity is severity:
            # Elsewhere neither holds, and looking there takes most of the time.
            at = np.flatnonzero(bad.increase(tier.long) > (float(FLOOR) if guarded else 0.0))
            threshold = float(tier.threshold(promise.budget))
            short, long = (_exceeds(threshold, window, (bad, good), at) for window in (tier.short, tier.long))
            firing[at] |= short & long & _is_enough(tier, promise, (bad, good), at) if guarded else short & long
    return firing


def _exceeds(threshold: float, window: int, counters: tuple[Counter, Counter], at: Index) -> Mask:
    bad, good = (one.increase(window, at) for one in counters)
    exceeds: Mask = bad > threshold * (bad + good)
    return exceeds


def _is_enough(tier: Tier, promise: Promise, counters: tuple[Counter, Counter], at: Index) -> Mask:
    bad, good = (one.increase(tier.long, at) for one in counters)
    allowed = float(promise.budget * (1 - promise.budget))
    enough: Mask = bad > float(FLOOR) + tier.sigmas * np.sqrt(allowed * (bad + good))
    return enough


def begun(firing: Mask) -> int:
    """How often it began to fire; what fires from the first evaluation on began before."""
    return int((firing[1:] & ~firing[:-1]).sum())
