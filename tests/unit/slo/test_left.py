"""What a rollout needs to know of an SLO."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.measured import AVAILABILITY, NOW, numbers
from toprope.core.measured import Numbers, Sample
from toprope.slo.left import Hour, last_hour, left
from toprope.slo.promise import Promise
from toprope.slo.windows import DAY

HALF_SPENT = numbers(AVAILABILITY, {"30d": 0.0005, "1h": 0.002}, rate=10)
WEEK = Promise("availability", "99.9", 7 * DAY)


def test_what_is_left_is_counted_in_events() -> None:
    # 10 a second for 30 days are 25.92 million, a thousandth of them may be bad, half of those were.
    found = left(AVAILABILITY, HALF_SPENT, NOW)
    assert found is not None
    assert found.events == pytest.approx(12_960)
    assert found.rate == 10.0


def test_a_spent_budget_is_below_nothing() -> None:
    found = left(AVAILABILITY, numbers(AVAILABILITY, {"30d": 0.002}), NOW)
    assert found is not None
    assert found.events == pytest.approx(-25_920)


def test_a_quiet_hour_of_a_busy_day_is_no_reason_to_give_more() -> None:
    found = left(AVAILABILITY, replace(HALF_SPENT, counted=Sample(0.5, NOW)), NOW)
    assert found is not None
    assert found.rate == 10.0


def test_a_young_history_has_the_rate_of_its_last_minutes() -> None:
    young = numbers(AVAILABILITY, rate=10, age=timedelta(minutes=10))
    for known in (young, replace(young, total={})):
        found = left(AVAILABILITY, known, NOW)
        assert found is not None
        assert found.rate == 10.0


@pytest.mark.parametrize(
    "known",
    [replace(HALF_SPENT, allowed=None), replace(HALF_SPENT, left=None), replace(HALF_SPENT, counted=None)],
)
def test_without_one_of_its_numbers_nothing_is_known(known: Numbers) -> None:
    assert left(AVAILABILITY, known, NOW) is None
    assert left(AVAILABILITY, HALF_SPENT, NOW + timedelta(minutes=5)) is None


def test_the_last_hour_is_events_not_rates() -> None:
    assert last_hour(AVAILABILITY, HALF_SPENT, NOW, NOW) == Hour(36_000, 72)


def test_a_short_windows_hour_is_the_window_next_to_it() -> None:
    found = last_hour(WEEK, numbers(WEEK, {"84m": 0.01}, rate=10), NOW, NOW)
    assert found == Hour(50_400, 504)


@pytest.mark.parametrize(
    ("sentence", "known"),
    [
        ("never recorded", Numbers()),
        ("recorded after the candidate had its first request", numbers(AVAILABILITY, at=NOW + timedelta(seconds=1))),
        ("too old", numbers(AVAILABILITY, at=NOW - timedelta(minutes=5))),
        ("without traffic", replace(HALF_SPENT, total={"1h": Sample(0.0, NOW)})),
    ],
)
def test_an_hour_that_is_not_stables_is_none(sentence: str, known: Numbers) -> None:
    assert last_hour(AVAILABILITY, known, NOW, NOW + timedelta(seconds=30)) is None


def test_no_more_were_bad_than_there_were() -> None:
    total = {"1h": Sample(10.0, NOW)}
    assert last_hour(AVAILABILITY, Numbers(total=total, bad={"1h": Sample(10.2, NOW)}), NOW, NOW) == Hour(10, 10)
