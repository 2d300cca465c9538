"""What is left of a budget: cases reckoned by hand."""

from dataclasses import replace
from datetime import timedelta
from math import inf, isclose, nan
from typing import Any

import pytest

from tests.support.measured import AVAILABILITY, NOW, numbers
from toprope.core.measured import FRESH, Numbers, Sample
from toprope.slo.budget import Budget, State, budget
from toprope.slo.promise import Promise, promise_of
from toprope.slo.spec import Slo
from toprope.slo.windows import DAY, Severity

WEEK = Promise("jobs", "99", 7 * DAY)
YEAR = timedelta(days=365)


def found(recorded: Numbers, promise: Promise = AVAILABILITY, retention: timedelta | None = YEAR) -> Budget:
    return budget(promise, recorded, retention, NOW)


PAGING = {"5m": 0.02, "1h": 0.015}
SPENT = {"30d": 0.002, "1d": 0.001}


@pytest.mark.parametrize(
    ("sentence", "recorded", "state"),
    [
        ("nothing is known", Numbers(), State.NO_DATA),
        ("all is well", numbers(), State.MET),
        ("both windows above the factor, on many events", numbers(errors=PAGING), State.BURNING),
        ("on its factor is not above it", numbers(errors={"5m": 0.02, "1h": 0.0144}), State.MET),
        ("the long window alone does not burn any more", numbers(errors={"1h": 0.5}), State.MET),
        ("the short window alone does not burn yet", numbers(errors={"5m": 0.5}), State.MET),
        ("so few bad events are chance", numbers(errors={"5m": 0.02, "1h": 0.02}, rate=0.01), State.MET),
        ("any tier counts", numbers(errors={"6h": 0.0011, "3d": 0.0011}), State.BURNING),
        ("the budget is spent", numbers(errors={"30d": 0.001}), State.EXHAUSTED),
        ("more than the budget is spent, and it still burns", numbers(errors=SPENT | PAGING), State.EXHAUSTED),
        ("one bad event too little to say so", numbers(errors={"30d": 9 / 2592}, rate=0.001), State.MET),
        ("ten bad events, of which a rate sees 9.6", numbers(errors={"30d": 9.6 / 2592}, rate=0.001), State.EXHAUSTED),
        ("nobody counts any more", numbers(counted=None), State.NO_DATA),
        ("nobody counts any more, and it was spent", numbers(errors=SPENT, counted=None), State.NO_DATA),
        ("how many were bad is not known", numbers(errors={"30d": 0.01}, bad={}), State.MET),
    ],
)
def test_state(sentence: str, recorded: Numbers, state: State) -> None:
    assert found(recorded).state is state


@pytest.mark.parametrize("missing", ["bad", "total", "burn"])
def test_a_tier_without_its_numbers_does_not_hold(missing: str) -> None:
    whole = numbers(errors=PAGING)
    left: dict[str, Any] = {
        missing: {window: one for window, one in getattr(whole, missing).items() if window not in ("1h", "6h")}
    }
    assert found(replace(whole, **left)).holding == ()


@pytest.mark.parametrize("nonsense", [nan, inf, -inf])
@pytest.mark.parametrize("where", ["error", "left", "counted"])
def test_what_is_no_number_is_no_data(where: str, nonsense: float) -> None:
    spoilt: dict[str, Any] = {where: Sample(nonsense, NOW)}
    assert found(replace(numbers(), **spoilt)) == Budget(State.NO_DATA)


def test_an_old_number_is_no_number() -> None:
    assert found(numbers(at=NOW - FRESH)).state is State.MET
    assert found(numbers(at=NOW - FRESH - timedelta(seconds=1))).state is State.NO_DATA


def test_a_whole_history_gives_the_numbers_of_prometheus() -> None:
    left = found(numbers(errors={"30d": 0.00029, "1h": 0.03, "5m": 0.01}))
    assert isclose(left.attained or 0, 99.971)
    assert isclose(left.remaining or 0, 0.71)
    assert isclose(left.events or 0, 2592 * 10)
    assert isclose(left.bad or 0, 0.00029 * 2592e4)
    assert isclose(left.burn["pageQuick"], 10)
    assert left.history_since is None


def test_a_ratio_above_one_attains_nothing_and_not_less() -> None:
    assert found(numbers(errors={"30d": 1.5})).attained == 0


@pytest.mark.parametrize(
    ("sentence", "today", "left", "lasts"),
    [
        ("nothing burns", 0.0, 0.0, None),
        ("it burns slower than it comes back", 0.0001, 0.0005, None),
        ("half of it, at the pace of the objective", 0.001, 0.0005, timedelta(days=15)),
        ("half of it, ten times too fast", 0.01, 0.0005, timedelta(days=1.5)),
        ("all of it, at the pace of the objective", 0.001, 0.0, timedelta(days=30)),
        ("it is gone", 0.0, 0.001, timedelta(0)),
    ],
)
def test_how_long_it_lasts(sentence: str, today: float, left: float, lasts: timedelta | None) -> None:
    said = found(numbers(errors={"1d": today, "30d": left})).exhausted_in
    assert said == lasts or (said and lasts and abs(said - lasts) < timedelta(seconds=1))


def test_whatever_somebody_recorded_it_lasts_no_longer_than_the_window() -> None:
    said = numbers(errors={"30d": 0.0, "1d": 0.0})
    odd = replace(said, left=Sample(1e305, NOW), burn=dict.fromkeys(said.burn, Sample(1e306, NOW)))
    assert found(odd).exhausted_in == timedelta(days=3)


def test_without_a_number_of_today_nobody_knows_how_long_it_lasts() -> None:
    whole = numbers(errors={"30d": 0.0005, "1d": 0.01})
    assert found(replace(whole, burn={"30d": whole.burn["30d"]})).exhausted_in is None


@pytest.mark.parametrize(
    ("sentence", "age", "is_young"),
    [
        ("an hour", timedelta(hours=1), True),
        ("short of the window by what nobody knows better", timedelta(days=30, hours=-1), False),
        ("a year", YEAR, False),
    ],
)
def test_a_young_history_says_since_when_it_is(sentence: str, age: timedelta, is_young: bool) -> None:
    assert found(numbers(age=age)).history_since == (NOW - age if is_young else None)


def test_what_is_left_is_what_prometheus_recorded() -> None:
    left = found(numbers(errors={"30d": 1 / 60}, age=timedelta(hours=1), left=Sample(0.25, NOW)))
    assert (left.remaining, left.state) == (0.25, State.MET)


def test_the_windows_of_a_short_slo_are_its_own() -> None:
    left = found(numbers(WEEK, {"70s": 0.5, "14m": 0.3, "336m": 0.01, "7d": 0.005}), WEEK)
    assert left.burn["pageQuick"] == pytest.approx(30)
    assert left.holding == ("pageQuick",)
    assert left.exhausted_in == timedelta(days=3.5)


@pytest.mark.parametrize(
    ("kept", "too_short"), [(None, False), (timedelta(days=30), False), (timedelta(days=15), True)]
)
@pytest.mark.parametrize("recorded", [numbers(), Numbers()])
def test_a_window_longer_than_prometheus_keeps(kept: timedelta | None, too_short: bool, recorded: Numbers) -> None:
    assert found(recorded, retention=kept).history_too_short is too_short


def test_dead_tiers_neither_hold_nor_burn() -> None:
    recall = Promise("recall", "90", 30 * DAY)
    left = found(numbers(recall, dict.fromkeys(("5m", "30m", "1h", "2h", "6h", "1d", "3d"), 1.0)), recall)
    assert [tier.name for tier in recall.dead] == ["pageQuick"]
    assert left.holding == ("pageSlow", "ticketQuick", "ticketSlow")
    assert sorted(left.burn) == ["pageSlow", "ticketQuick", "ticketSlow"]


def test_a_tier_that_nobody_wants_does_not_burn() -> None:
    tickets = replace(AVAILABILITY, severities=(Severity.TICKET,))
    left = found(numbers(errors=PAGING), tickets)
    assert (left.state, left.holding) == (State.MET, ())
    assert left.burn["pageQuick"] == pytest.approx(15)


@pytest.mark.parametrize(
    ("spec", "promise"),
    [
        ({"availability": {}}, AVAILABILITY),
        (
            {"ratio": {"bad": "b", "total": "t"}, "window": "7d", "alerting": {"page": False}},
            Promise("availability", "99.9", 7 * DAY, (Severity.TICKET,), "Own"),
        ),
    ],
)
def test_a_promise_is_what_the_spec_says(spec: dict[str, Any], promise: Promise) -> None:
    assert promise_of(Slo.model_validate({"name": "availability", "objective": "99.9"} | spec)) == promise
