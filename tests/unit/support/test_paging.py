"""The arithmetic that simulates years of pages is that of the rules: the same events through both."""

import numpy as np
import pytest

from tests.support import paging
from tests.support.outages import availability
from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import Mask, every
from tests.support.proofs import watched
from toprope.slo.proof import BIRTH
from toprope.slo.rules import BURNING, ERRORS, INTERVAL, group
from toprope.slo.windows import DAY, HOUR, Severity, duration

RULED = availability()
DAYS, LEAD = 17, 3 * DAY // INTERVAL
BAD = 0.006
"""Often enough that alerts turn many times."""


def recorded(counts: dict[str, paging.Counts], scrape: int) -> Outcome:
    """What the expressions themselves make of the same scrapes."""
    at = np.arange(5, DAYS * DAY, scrape, dtype=np.float64)
    always = np.ones(at.size, dtype=np.bool_)
    series = [watched(name, at, BIRTH + np.cumsum(grown).astype(np.float64), always) for name, grown in counts.items()]
    alive = watched(str(RULED.sli.alive), at, np.ones(at.size), always)
    return evaluated(group(RULED), [*series, alive], every(INTERVAL, DAYS * DAY - INTERVAL))


def is_tied(outcome: Outcome, severity: Severity) -> Mask:
    """Where a ratio equals its threshold but for what rounding made of it."""
    tied = np.zeros(outcome.at.size, dtype=np.bool_)
    for tier in RULED.promise.live:
        for window in (tier.short, tier.long) if tier.severity is severity else ():
            ratio = outcome.record(ERRORS, window=duration(window)).values
            tied |= np.isclose(ratio, float(tier.threshold(RULED.promise.budget)), rtol=1e-9, atol=0)
    return tied


@pytest.mark.parametrize(("rate", "scrape"), [(30, 15), (160, 30), (330, 15), (3000, 30)])
def test_the_same_minutes_fire(rate: int, scrape: int) -> None:
    chance, size = np.random.default_rng(rate), DAYS * DAY // scrape
    bad, good = (chance.poisson(rate * share * scrape / HOUR, size) for share in (BAD, 1 - BAD))
    names = {bool(one.by_bad): one.name for one in RULED.sli.sources[0].examples}
    outcome = recorded({names[True]: bad, names[False]: good}, scrape)
    for severity in Severity:
        simulated = paging.fires(RULED.promise, severity, paging.scraped(bad, scrape), paging.scraped(good, scrape))
        real = outcome.firing(BURNING, severity=severity.value)
        differ = np.flatnonzero((simulated != real) & ~is_tied(outcome, severity))
        assert not (differ > LEAD).any()
        assert real.any()
