"""What would have become of an SLO: what the rules would have recorded of it, and what the maths say."""

from datetime import timedelta
from math import nan
from typing import Any

import numpy as np
import pytest

from tests.support.measured import NOW, numbers
from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.stories import ALONE, BEHIND, OWN, STORIES
from tests.support.promql.worlds import State, Story, World
from tests.support.proofs import drawn, kinds, stored
from tests.support.raw import answered, looked
from tests.unit.slo.test_rules import promised
from toprope.slo.backtest import Backtest, Look, backtest, remaining
from toprope.slo.budget import budget
from toprope.slo.counters import rated
from toprope.slo.oracle import Phase, Traffic
from toprope.slo.promise import Promise
from toprope.slo.proof import checks
from toprope.slo.raw import LOOKED, Raw, questions, rated_windows
from toprope.slo.rules import (
    BAD,
    BAD_RATE,
    BASE,
    BURNING,
    INTERVAL,
    LEFT,
    LOST_RATE,
    TOTAL,
    TOTAL_RATE,
    Identity,
    Ruled,
    group,
)  # fmt: skip
from toprope.slo.sli import Counted, sli_of
from toprope.slo.spec import Slo
from toprope.slo.windows import DAY, HOUR, Severity, all_windows, duration

COUNTS: dict[str, tuple[Counted, int, dict[str, Any]]] = {
    "through a gateway": (BEHIND, 30, {"availability": {}}),
    "pods alone": (ALONE, 7, {"availability": {}}),
    "latency of one route": (ALONE, 10, {"latency": {"threshold": "250ms", "route": "redirect"}}),
    "own counters": (ALONE, 7, {"ratio": OWN}),
}


def a_ruled(name: str) -> Ruled:
    counted, days, indicator = COUNTS[name]
    slo = Slo.model_validate({"name": "an-slo", "objective": "99.5", **indicator})
    return Ruled(
        Identity("shop", "ShortenerApp", "links", "an-slo"), sli_of(slo, counted), Promise("an-slo", "99.5", days * DAY)
    )


def differences(ruled: Ruled, raw: Raw, outcome: Outcome) -> list[str]:
    """The records that the backtest has otherwise than the rules."""
    look, which = Look(ruled, raw), (outcome.at // 1000 - raw.start) // INTERVAL
    ours = {
        (TOTAL_RATE, ""): look.rates.total[BASE],
        (BAD_RATE, ""): look.rates.bad[BASE],
        (LOST_RATE, ""): look.rates.lost,
        (LEFT, ""): remaining(look),
    }
    lengths = {window for tier in ruled.promise.live for window in (tier.short, tier.long)} | {ruled.promise.window}
    for length in lengths:
        ours |= {(TOTAL, duration(length)): look.total(length), (BAD, duration(length)): look.bad(length)}
    found = []
    for (record, window), values in ours.items():
        row = outcome.record(record, **({"window": window} if window else {}))
        theirs = np.where(row.there, row.values, np.nan)
        if not np.allclose(np.array(values)[which], theirs, rtol=1e-9, atol=1e-9, equal_nan=True):
            found.append(f"{record} {window}")
    return found


def firing(found: Backtest, at: int, severity: Severity) -> bool:
    return any(one.since <= at and (one.until is None or at < one.until) for one in found.of(severity))


def judged_alike(name: str, told: Story, begin: int = 0) -> None:
    ruled, series = a_ruled(name), World(told, told.minutes).series()
    raw = answered(ruled, series, begin * 60, told.minutes - begin + 1)
    outcome = evaluated(group(ruled), series, looked(raw))
    assert differences(ruled, raw, outcome) == []
    found = backtest(ruled, raw)
    for severity in Severity:
        ours = [firing(found, at // 1000, severity) for at in outcome.at.tolist()]
        assert ours == outcome.firing(BURNING, severity=severity.value).tolist()


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("name", COUNTS)
def test_a_backtest_has_what_the_rules_would_have_recorded(name: str, story: str) -> None:
    judged_alike(name, STORIES[story])


@pytest.mark.parametrize("begin", [20, 36, 50])
def test_rules_that_are_applied_in_the_middle_see_counters_of_before(begin: int) -> None:
    judged_alike("pods alone", STORIES["all pods vanish and return"], begin)


def test_a_hole_in_prometheus_ends_no_outage() -> None:
    away = {one: [(50, 62, State.UNSEEN)] for one in ("a", "b", "gateway", "other")}
    gone = {pod: [*away[pod], (35, 80, State.GONE)] for pod in ("a", "b")}
    judged_alike("pods alone", Story(minutes=110, spans=away | gone))


@pytest.mark.parametrize("seed", range(24))
def test_alerts_turn_when_the_maths_say_so(seed: int) -> None:
    ruled, scenario = drawn(seed, kinds())
    found = backtest(ruled, answered(ruled, stored(ruled, scenario), 0, scenario.traffic.seconds // INTERVAL + 1))
    wrong = [check for check in checks(ruled, scenario) if firing(found, check.at, check.severity) != check.fires]
    assert not wrong, f"{scenario.name} of {ruled}"


OURS = {"availability": None, "ratio": {"bad": "failed_total", "total": "jobs_total"}}
NOWHERE = range(0)


def counted(traffic: Traffic, without: range = NOWHERE, *, up: bool = True, **fields: Any) -> Backtest:
    """Of a service that is counted exactly; Prometheus was away at some evaluations, or knows no `up`."""
    ruled = promised(**OURS, **fields).ruled
    assert ruled
    (source,) = ruled.sli.sources
    evaluations = range(1, traffic.seconds // INTERVAL + 1)
    answers = {LOOKED: [nan if number in without or not up else 1.0 for number in evaluations]}
    for window in rated_windows(ruled):
        for which, tally in enumerate((source.total, source.bad)):
            answers[rated(source, tally, window)] = [
                nan if number in without else traffic.within(end - window, end)[which] / window
                for number in evaluations
                for end in [number * INTERVAL]
            ]
    assert answers.keys() == set(questions(ruled))
    return backtest(ruled, Raw(INTERVAL, len(evaluations), answers))


def test_a_whole_window_is_counted_event_by_event() -> None:
    found = counted(Traffic([Phase(5 * DAY, 10, 0), Phase(DAY, 1, 0.05), Phase(2 * DAY, 10, 0)]), window="7d")
    bad, total = 0.05 * DAY, 6 * DAY * 10 + DAY
    # Rates over five minutes have not seen all of the first five.
    assert found.total == pytest.approx(7 * DAY * 10 + DAY, rel=1e-3)
    assert found.bad == pytest.approx(bad)
    assert found.attained == pytest.approx(100 * (1 - bad / total), abs=1e-4)
    assert found.remaining == pytest.approx(1 - bad / total / 0.001, abs=1e-3)


@pytest.mark.parametrize("bad", [0.0005, 0.01])
def test_a_young_history_has_the_budget_that_the_status_would_have_had(bad: float) -> None:
    traffic = Traffic([Phase(DAY, 2, 0), Phase(6 * HOUR, 2, bad)])
    found = counted(traffic)
    promise, age = found.ruled.promise, timedelta(seconds=traffic.seconds)
    until = traffic.seconds
    seen = {window: traffic.within(until - window, until) for window in all_windows(promise.window)}
    errors = {duration(window): bad / total for window, (total, bad) in seen.items()}
    status = budget(promise, numbers(promise, errors, rate=2, age=age), None, NOW)
    assert found.remaining == pytest.approx(status.remaining, abs=1e-3)
    assert found.attained == pytest.approx(status.attained, abs=0.01)
    assert {tier for one in found.firings if one.until is None for tier in one.tiers} == {*status.holding}


def test_the_lowest_point_is_kept_though_the_budget_comes_back() -> None:
    found = counted(Traffic([Phase(DAY, 1, 0), Phase(HOUR, 1, 0.1), Phase(9 * DAY, 1, 0)]), window="7d")
    assert found.remaining == 1
    assert found.lowest
    assert found.lowest[1] == pytest.approx(1 - 360 / (7 * DAY * 0.001), abs=0.01)


OUTAGE = Traffic([Phase(3 * HOUR, 10, 0), Phase(HOUR, 10, 1)])


def test_what_fires_at_the_end_goes_on() -> None:
    (page,) = counted(OUTAGE, alerting={"ticket": False}).firings
    assert (page.severity, page.since, page.until) == (Severity.PAGE, 3 * HOUR + INTERVAL, None)
    assert page.tiers == ("pageQuick", "pageSlow")
    assert page.peak == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize(("lasts", "pages"), [(3, 1), (4, 2)])
def test_an_alert_outlives_a_short_hole_in_prometheus_and_no_longer_one(lasts: int, pages: int) -> None:
    hole = range(3 * 60 + 20, 3 * 60 + 20 + lasts)
    found = counted(OUTAGE, hole, alerting={"ticket": False})
    assert len(found.firings) == pages
    assert found.silent == lasts
    assert found.firings[0].until == (None if pages == 1 else hole.start * INTERVAL)


def test_alerts_that_nobody_wants_do_not_fire() -> None:
    assert {one.severity for one in counted(OUTAGE, alerting={"page": False}).firings} == {Severity.TICKET}
    assert counted(OUTAGE, alerting={"page": False, "ticket": False}).firings == []


def test_where_prometheus_has_nothing_there_is_nothing() -> None:
    found = counted(OUTAGE, range(1, 10_000))
    assert (found.begin, found.minutes, found.nothing, found.remaining, found.lowest) == (None, 0, True, None, None)


def test_a_memory_that_begins_late_is_no_outage() -> None:
    found = counted(OUTAGE, range(1, 60))
    assert (found.begin, found.silent, found.minutes) == (HOUR, 0, 181)


def test_a_store_that_knows_no_up_is_there_from_the_first_count_on() -> None:
    found = counted(OUTAGE, range(1, 60), up=False)
    assert (found.begin, found.silent, found.nothing) == (HOUR, 0, False)


def test_a_service_without_traffic_has_no_ratio() -> None:
    found = counted(Traffic([Phase(HOUR, 0, 0)]))
    assert (found.attained, found.remaining, found.nothing, found.silent) == (None, None, False, 0)
