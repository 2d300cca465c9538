"""What may happen to counters in a month: gaps, errors that come late, swings of traffic, counters that begin anew."""

from dataclasses import replace

import numpy as np

from tests.support.months import Story
from tests.support.promql.series import Values
from toprope.slo.windows import DAY, HOUR, MINUTE

QUIETLY, LOUDLY = 0.2, 20.0
"""Requests a second."""


def _steady(at: Values) -> Values:
    return np.full(at.size, 5.0)


def _with_gaps(at: Values) -> Values:
    """Nobody asks at night, on each seventh day, and for twenty minutes of each five hours."""
    asked = (_hour(at) >= 8) & (at % (7 * DAY) < 6 * DAY) & (at % (5 * HOUR) >= 20 * MINUTE)
    return np.where(asked, 5.0, 0.0)


def _swinging(at: Values) -> Values:
    return np.where(at // (10 * MINUTE) % 2 == 0, QUIETLY, LOUDLY)


def _at_allowance(at: Values) -> Values:
    return np.full(at.size, 0.001)


def _after_gaps(at: Values) -> Values:
    """Each beginning is bad."""
    begins = (_hour(at) < 8 + 3 * MINUTE / HOUR) | (at % (5 * HOUR) < 21 * MINUTE)
    return np.where(begins, 0.05, 0.0005)


def _while_quiet(at: Values) -> Values:
    return np.where(at // (10 * MINUTE) % 2 == 0, 0.03, 0.0005)


def _late(at: Values) -> Values:
    """None in the first three days, then 2 % for ten minutes of each seven hours."""
    return np.where((at > 3 * DAY) & (at % (7 * HOUR) < 10 * MINUTE), 0.02, 0.0)


def _all_at_times(at: Values) -> Values:
    """Three minutes of each fifty hours."""
    return np.where((at > DAY) & (at % (50 * HOUR) < 3 * MINUTE), 1.0, 0.0)


def _once_a_minute(at: Values) -> Values:
    return np.full(at.size, 1 / MINUTE)


def _one_of_a_hundred(at: Values) -> Values:
    return np.full(at.size, 0.01)


def _hour(at: Values) -> Values:
    return at % DAY / HOUR


ALL_AT_ONCE = Story(
    lambda at: _with_gaps(at) * _swinging(at) / 5, lambda at: np.maximum(_after_gaps(at), _late(at)),
    life=DAY, replaced=True, late_born=True,
)  # fmt: skip
STORIES = {
    "quiet gaps": Story(_with_gaps, _after_gaps),
    "late error series, new pods each day": Story(_steady, _late, life=DAY, replaced=True, late_born=True),
    "100x traffic swings": Story(_swinging, _while_quiet),
    "counter resets each 3 h": Story(_steady, _at_allowance, life=3 * HOUR),
    "all at once": ALL_AT_ONCE,
    "all at once, scraped each 30 s": replace(ALL_AT_ONCE, scrape=30),
}
"""Two pods count; unless a story says otherwise, they are scraped each 15 s."""
OUTAGES = Story(_steady, _all_at_times)
RARELY = Story(_once_a_minute, _one_of_a_hundred, life=DAY, replaced=True)
"""So little that one event is 2.3 % of a month's budget."""
