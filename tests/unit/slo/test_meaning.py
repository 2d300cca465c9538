"""An SLI that changes under its name: what counts from now on is not summed with what counted before."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from tests.support.outages import GONE, UP, at_minute, availability, came_of, minutes
from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import NAME, Series, every, labels_of, recorded
from tests.support.proofs import stored
from toprope.slo.oracle import Phase, Traffic
from toprope.slo.rules import (
    ALLOWED,
    BAD,
    BAD_RATE,
    INTERVAL,
    LEFT,
    MEANING,
    OBJECTIVE,
    TOTAL,
    TOTAL_RATE,
    Ruled,
    group,
)
from toprope.slo.stories import Scenario
from toprope.slo.windows import DAY, HOUR, MINUTE

RATE = 10.0
KEPT = (TOTAL_RATE, BAD_RATE, OBJECTIVE)
"""Records that others look back at."""
CHANGED = 300
"""Minute in which the SLI becomes another one."""
END = CHANGED + 120
MISTAKEN = availability(availability=None, latency={"threshold": "50ms"})
MEANT = availability(availability=None, latency={"threshold": "1s"})
WELL = Scenario("well", Traffic([Phase(END * MINUTE, RATE, 0)]))
ALL_BAD = Scenario("all bad", Traffic([Phase(END * MINUTE, RATE, 1)]))


def remembered(ruled: Ruled, scenario: Scenario) -> list[Series]:
    """What Prometheus has recorded until the change."""
    at = every(INTERVAL, CHANGED * MINUTE - INTERVAL)
    outcome = evaluated(group(ruled), stored(ruled, scenario), at)
    return [recorded(row, at) for row in outcome.records if dict(row.labels)[NAME] in KEPT]


def of_an_earlier_operator(told: Iterable[Series]) -> list[Series]:
    """The same without the label."""
    return [replace(one, labels=labels_of({**dict(one.labels), MEANING: ""})) for one in told]


def after(told: Iterable[Series]) -> Outcome:
    """What the rules of today make of it, from the change on."""
    at = every(INTERVAL, END * MINUTE)
    return evaluated(group(MEANT), [*stored(MEANT, WELL), *told], at[at >= CHANGED * MINUTE * 1000])


def test_bad_events_of_another_meaning_count_for_nothing() -> None:
    outcome = after(remembered(MISTAKEN, ALL_BAD))
    assert (at_minute(outcome, END, BAD, window="6h"), at_minute(outcome, END, LEFT)) == (0, 1)
    total = at_minute(outcome, END, TOTAL, window="30d")
    assert total == pytest.approx(RATE * (END - CHANGED) * MINUTE, rel=0.02)


@pytest.mark.parametrize("before", [MISTAKEN, MEANT])
def test_what_an_earlier_operator_recorded_is_not_thrown_away(before: Ruled) -> None:
    outcome = after(of_an_earlier_operator(remembered(before, ALL_BAD)))
    assert at_minute(outcome, END, BAD, window="30d") == pytest.approx(RATE * CHANGED * MINUTE, rel=0.02)


def of_a_week(threshold: str) -> Ruled:
    return availability(window="7d", availability=None, latency={"threshold": threshold})


@pytest.mark.parametrize(("sentence", "threshold", "is_young"), [("the same", "1s", False), ("another", "2s", True)])
def test_the_budget_of_another_meaning_is_young(sentence: str, threshold: str, is_young: bool) -> None:
    was, ruled = of_a_week(threshold), of_a_week("1s")
    at = every(INTERVAL, 2 * DAY, DAY)
    born = labels_of({NAME: OBJECTIVE, **group(was)["rules"][0]["labels"]})
    long_ago = Series(born, at - 7 * DAY * 1000, np.full(at.size, 0.999), at < 0)
    story = Scenario("well", Traffic([Phase(2 * DAY, RATE, 0)]))
    outcome = evaluated(group(ruled), [*stored(ruled, story), long_ago], at[at >= (2 * DAY - HOUR) * 1000])
    seen = at_minute(outcome, 2 * DAY // MINUTE, TOTAL, window="7d") or 0
    allowed = at_minute(outcome, 2 * DAY // MINUTE, ALLOWED)
    assert allowed == pytest.approx(0.001 * (7 * DAY * RATE if is_young else seen), rel=0.02)


def test_no_alert_says_what_is_counted_nor_any_other_record() -> None:
    outcome = came_of(availability(), minutes((120, RATE, UP), (60, RATE, GONE)))
    carries = {dict(row.labels)[NAME] for row in outcome.records if MEANING in dict(row.labels)}
    assert carries == set(KEPT)
    assert outcome.alerts
    assert not any(MEANING in dict(row.labels) for row in outcome.alerts)
