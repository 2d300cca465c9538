"""The recorded 30-day ratio beside exact counts of events, over 33 days of scrapes in which things happen.

Windows that are summed from 5-minute rates smear at both of their ends: what is recorded may be that of any moment of
the last five minutes. A full outage, which moves the ratio by 2.3 % of a month's budget each minute, is therefore held
against the nearest of those moments; everything else against the exact one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.report import Figure
from tests.support.month_stories import ALL_AT_ONCE, OUTAGES, RARELY, STORIES
from tests.support.months import Month, Story
from tests.support.outages import availability
from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import NAME, Row, Values, every
from tests.support.proofs import BEHIND, ruled_of
from toprope.slo.rules import BAD, BASE, ERRORS, INTERVAL, Ruled, group
from toprope.slo.windows import duration

UNIT, GOAL = "% of EB", "<= 1"
FAST = {"name": "fast", "objective": "99.9", "latency": {"threshold": "50ms"}}
COMMON_NOW, COMMON = "common:error:ratio5m", "common:error:ratio30d"
"""The common design's: the mean of 5-minute ratios, however many requests there were in each."""


def history() -> Iterator[Figure]:
    """The greatest difference of each story in percent of the budget, and what was recorded that is no number."""
    looks = []
    for name, ruled, story in _told():
        looks.append(look := _look(ruled, story))
        yield Figure(f"30-day ratio off by: {name}", look.off, UNIT, GOAL, look.off <= 1, look.common)
    looks.append(outages := _look(availability(), OUTAGES))
    yield Figure("30-day ratio off by: full outages", outages.off, UNIT, baseline=outages.common)
    yield Figure("… from the nearest of five minutes", outages.off_nearest, UNIT, GOAL, outages.off_nearest <= 1)
    broken = sum(look.broken for look in looks)
    yield Figure("records that are NaN or missing, of all stories", broken, "", "0", broken == 0)
    yield from _unseen()


def _told() -> Iterator[tuple[str, Ruled, Story]]:
    yield from ((name, availability(), story) for name, story in STORIES.items())
    yield "all at once, behind a gateway", availability(BEHIND), ALL_AT_ONCE
    fast = ruled_of(FAST)
    assert fast
    yield "all at once, in a histogram", fast, ALL_AT_ONCE


@dataclass(frozen=True, slots=True)
class _Look:
    """One story as it was recorded. Differences are in percent of the budget."""

    off: float
    off_nearest: float
    """From the nearest moment of the last five minutes."""
    common: str
    """By how much the common design is off."""
    broken: int


def _look(ruled: Ruled, story: Story) -> _Look:
    month = Month(story, seed=1)
    outcome = evaluated(_with_common(ruled), month.series(ruled), every(INTERVAL, month.seconds))
    window, percent = ruled.promise.window, 100 / float(ruled.promise.budget)
    row, common = outcome.record(ERRORS, window=duration(window)), outcome.record(COMMON)
    ends = outcome.at / 1000
    whole = row.there & (ends >= window)
    nearest, exactly = month.off(row.values[whole], ends[whole], window)
    # There had been requests five minutes before.
    missing = ~row.there & np.isfinite(month.ratio(ends - BASE, window))
    return _Look(
        off=percent * float(exactly.max()),
        off_nearest=percent * float(nearest.max()),
        common=_said_of(common, percent * month.off(common.values[whole], ends[whole], window)[1]),
        broken=int(missing.sum()) + _no_numbers(outcome),
    )


def _said_of(common: Row, off: Values) -> str:
    said = "none" if not common.there.any() else "NaN" if np.isnan(off).any() else f"{off.max():,.1f}"
    return f"{said} (mean of 5-minute ratios)"


def _no_numbers(outcome: Outcome) -> int:
    ours = [row for row in outcome.records if not dict(row.labels)[NAME].startswith("common:")]
    return sum(int((~np.isfinite(row.values[row.there])).sum()) for row in ours)


def _with_common(ruled: Ruled) -> dict[str, Any]:
    """The rules, and those of the common design after them."""
    rules, source, window = group(ruled), ruled.sli.sources[0], duration(ruled.promise.window)
    # It does not ask who gave up: that is the first one that is taken off.
    bad = " - ".join(f"sum(rate({counters}[5m]))" for counters in (source.bad.added[0], *source.bad.less[1:]))
    mean = f"sum_over_time({COMMON_NOW}[{window}]) / count_over_time({COMMON_NOW}[{window}])"
    now = f"({bad}) / sum(rate({source.anchor}[5m]))"
    common = [{"record": COMMON_NOW, "expr": now}, {"record": COMMON, "expr": mean}]
    return rules | {"rules": [*rules["rules"], *common]}


def _unseen() -> Iterator[Figure]:
    """What a series hides that is born with its first request: `rate()` sees growth only."""
    for born, story in (("at 0", RARELY), ("late", replace(RARELY, late_born=True))):
        month, ruled = Month(story, seed=1), availability()
        outcome = evaluated(group(ruled), month.series(ruled), every(INTERVAL, month.seconds))
        seen = outcome.record(BAD, window=duration(ruled.promise.window)).values[-1]
        exact = float(month.bad(np.array([month.seconds]), ruled.promise.window)[0])
        name = f"bad requests unseen at 60 an hour, a new pod each 12 h, series born {born}"
        yield Figure(name, 100 * (1 - seen / exact), "%", baseline=f"{exact:,.0f} bad requests")
