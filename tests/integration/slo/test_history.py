"""A month of scrapes through the rules themselves, in which everything happens that spoils a history."""

import numpy as np

from tests.support.month_stories import ALL_AT_ONCE
from tests.support.months import Month
from tests.support.outages import availability
from tests.support.promql.groups import evaluated
from tests.support.promql.series import every
from toprope.slo.rules import ERRORS, INTERVAL, group


def test_a_month_with_gaps_late_errors_swings_and_new_pods_is_counted_within_a_hundredth_of_the_budget() -> None:
    ruled, month = availability(), Month(ALL_AT_ONCE, seed=2)
    outcome = evaluated(group(ruled), month.series(ruled), every(INTERVAL, month.seconds))
    row, ends = outcome.record(ERRORS, window="30d"), outcome.at / 1000
    whole = ends >= ruled.promise.window
    assert row.there[whole].all()
    nearest, _ = month.off(row.values[whole], ends[whole], ruled.promise.window)
    assert nearest.max() <= 0.01 * float(ruled.promise.budget)
    assert all(np.isfinite(one.values[one.there]).all() for one in outcome.records)
