"""The arithmetic that simulates years of pages is that of the rules: the same events through both."""

import numpy as np
import pytest

from tests.support import paging
from tests.support.outages import availability
from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import Mask, every
from tests.support.proofs import watched
from toprope.slo.proof import BIRTH
from toprope.slo.rules import BURNING, ERRORS, INTERVAL, Ruled, group
from toprope.slo.windows import DAY, HOUR, Severity, duration

DAYS, LEAD = 17, 3 * DAY // INTERVAL
BAD = 0.006
"""Often enough that alerts turn many times."""


def recorded(ruled: Ruled, counts: dict[str, paging.Counts], scrape: int) -> Outcome:
    """What the expressions themselves make of the same scrapes."""
    at = np.arange(5, DAYS * DAY, scrape, dtype=np.float64)
    always = np.ones(at.size, dtype=np.bool_)
    series = [watched(name, at, BIRTH + np.cumsum(grown).astype(np.float64), always) for name, grown in counts.items()]
    alive = watched(str(ruled.sli.alive), at, np.ones(at.size), always)
    return evaluated(group(ruled), [*series, alive], every(INTERVAL, DAYS * DAY - INTERVAL))


def is_tied(ruled: Ruled, outcome: Outcome, severity: Severity) -> Mask:
    """Where a ratio equals its threshold but for what rounding made of it."""
    tied = np.zeros(outcome.at.size, dtype=np.bool_)
    for tier in ruled.promise.live:
        for window in (tier.short, tier.long) if tier.severity is severity else ():
            ratio = outcome.record(ERRORS, window=duration(window)).values
            tied |= np.isclose(ratio, float(tier.threshold(ruled.promise.budget)), rtol=1e-9, atol=0)
    return tied


@pytest.mark.parametrize(
    ("window", "rate", "scrape"),
    [("30d", 30, 15), ("30d", 160, 30), ("30d", 330, 15), ("30d", 3000, 30), ("12d", 80, 30), ("12d", 480, 15)],
)
def test_the_same_minutes_fire(window: str, rate: int, scrape: int) -> None:
    """12 days are the shortest whose windows are whole minutes."""
    ruled, chance, size = availability(window=window), np.random.default_rng(rate), DAYS * DAY // scrape
    bad, good = (chance.poisson(rate * share * scrape / HOUR, size) for share in (BAD, 1 - BAD))
    names = {bool(one.by_bad): one.name for one in ruled.sli.sources[0].examples}
    outcome = recorded(ruled, {names[True]: bad, names[False]: good}, scrape)
    for severity in Severity:
        simulated = paging.fires(ruled.promise, severity, paging.scraped(bad, scrape), paging.scraped(good, scrape))
        real = outcome.firing(BURNING, severity=severity.value)
        differ = np.flatnonzero((simulated != real) & ~is_tied(ruled, outcome, severity))
        assert not (differ > LEAD).any()
        assert real.any()
