"""What promtool is handed: counters in its notation, and what must fire when."""

from decimal import Decimal
from typing import Any

import pytest

from tests.support.proofs import BEHIND, counterexamples, drawn, kinds, ruled_of
from toprope.slo.oracle import Phase, Traffic
from toprope.slo.proof import SCRAPE, Check, absences, checks, promtool_test, records
from toprope.slo.rules import INTERVAL, Ruled
from toprope.slo.stories import BUSY, Scenario, scenarios
from toprope.slo.windows import HOUR, MINUTE, Severity

PAGE = Severity("page")


def behind_a_gateway() -> Ruled:
    found = ruled_of({"name": "a", "objective": "99.9", "availability": {}}, BEHIND)
    assert found is not None
    return found


def told(scenario: Scenario, ruled: Ruled | None = None) -> dict[str, Any]:
    """The one test of the file for promtool."""
    (test,) = promtool_test(ruled or behind_a_gateway(), scenario, "rules.yaml")["tests"]
    return dict(test)


def values(scenario: Scenario) -> list[str]:
    return [one["values"] for one in told(scenario)["input_series"]]


def samples(notation: str) -> int:
    """How many scrapes a line of promtool's notation stands for."""
    return sum(_of(word) for word in notation.split())


def _of(word: str) -> int:
    if word == "stale":
        return 1
    start, _, more = word.rpartition("x")
    return int(more) + (0 if start == "_" else 1)


@pytest.mark.parametrize("number", range(len(kinds())))
def test_every_series_of_every_story_says_something_of_each_scrape(number: int) -> None:
    ruled, scenario = drawn(number, kinds())
    test = told(scenario, ruled)
    scrapes = {samples(one["values"]) for one in test["input_series"]}
    assert scrapes == {scenario.traffic.seconds // SCRAPE + 1}
    alerts = [*checks(ruled, scenario), *absences(ruled, scenario)]
    found = [(f"{check.at}s", int(check.fires)) for check in alerts]
    budget = records(ruled, scenario)
    found += [(f"{one.at}s", 1) for one in budget]
    assert [(one["eval_time"], one["exp_samples"][0]["value"]) for one in test["promql_expr_test"]] == found
    assert all(at % INTERVAL == 0 for at in [one.at for one in alerts] + [one.at for one in budget])


def test_no_story_stands_on_the_very_threshold_of_a_tier() -> None:
    """Of 99.9 % over 40 days, 0.8 % is exactly what the slower page tier asks for: no sum of floats says which side."""
    ruled = ruled_of({"name": "a", "objective": "99.9", "window": "40d", "availability": {}})
    assert ruled is not None
    thresholds = [tier.threshold(ruled.promise.budget) for tier in ruled.promise.live]
    assert Decimal("0.008") in thresholds
    stories = {one.name: one for one in scenarios(ruled)}
    shares = [phase.bad for one in stories.values() for phase in one.traffic.phases if phase.bad]
    assert all(abs(share / float(threshold) - 1) > 0.01 for share in shares for threshold in thresholds)
    assert list(counterexamples(ruled, stories["slow-burn"])) == []


def test_good_and_bad_counters_grow_with_their_share() -> None:
    traffic = Traffic([Phase(HOUR, BUSY, 0), Phase(HOUR, BUSY, 0.1)])
    assert values(Scenario("a tenth", traffic)) == [
        "5000000+300x240 5072270.001+270x239",
        "5000000+0x240 5000030.001+30x239",
        "1x240 1x239",
        "1x240 1x239",
    ]


def test_a_counter_that_only_bad_requests_move_may_be_born_with_the_first() -> None:
    traffic = Traffic([Phase(HOUR, BUSY, 0), Phase(HOUR, BUSY, 0.1), Phase(HOUR, BUSY, 0)])
    assert values(Scenario("late", traffic, late_born=True))[1] == "_x241 30.001+30x239 7200.002+0x239"


def test_counters_of_pods_vanish_with_them_and_those_of_a_gateway_go_on() -> None:
    traffic = Traffic([Phase(HOUR, BUSY, 0), Phase(HOUR, BUSY, 1, up=False)])
    pods, gateway = Scenario("pods", traffic, by_pods=True), Scenario("gateway", traffic)
    assert values(pods)[:3] == ["5000000+300x240 stale _x239", "5000000+0x240 stale _x239", "1x240 stale _x239"]
    assert values(gateway)[1:3] == ["5000000+0x240 5000300.001+300x239", "1x240 stale _x239"]


def test_what_must_fire_is_asked_for_by_name_and_severity() -> None:
    asked = told(Scenario("quiet", Traffic([Phase(HOUR, BUSY, 0)])))["promql_expr_test"]
    whose = 'namespace="shop",kind="ShortenerApp",name="links",slo="a"'
    firing = 'alertname="ErrorBudgetBurn",alertstate="firing"'
    assert asked[0] == {
        "expr": f'count(ALERTS{{{firing},severity="page",{whose}}}) or vector(0)',
        "eval_time": "3600s",
        "exp_samples": [{"labels": "{}", "value": 0}],
    }


def test_what_must_be_recorded_is_asked_for_as_a_number_that_is_near() -> None:
    healthy = Traffic([Phase(2 * HOUR, BUSY, 0.0005)])
    errors, left = told(Scenario("half of the budget", healthy))["promql_expr_test"][-2:]
    whose = 'namespace="shop",kind="ShortenerApp",name="links",slo="a"'
    away = f'slo:error:ratio{{{whose},window="30d"}} - (0.0005)'
    assert errors["expr"] == f"sum(abs({away}) < bool 1e-05) or vector(0)"
    # Half of what two hours allow, of what thirty days do.
    away = f"slo:budget:remaining{{{whose}}} - (0.998611111111)"
    assert left["expr"] == f"sum(abs({away}) < bool 2.78e-05) or vector(0)"
    assert (left["eval_time"], left["exp_samples"]) == ("7200s", [{"labels": "{}", "value": 1}])


def test_when_nobody_counts_all_series_end_and_a_ticket_says_so() -> None:
    story = next(one for one in scenarios(behind_a_gateway()) if one.name == "nobody-counts")
    assert [one.split(" ", 1)[1] for one in values(story)] == ["stale _x239"] * 4
    asked = told(story)["promql_expr_test"]
    expected = [
        (one["eval_time"], one["exp_samples"][0]["value"])
        for one in asked
        if 'alertname="SloDataMissing"' in one["expr"]
    ]
    assert expected == [(f"{8 * HOUR}s", 0), (f"{9 * HOUR}s", 1)]


def test_without_tickets_nobody_is_told_that_nobody_counts() -> None:
    ruled = ruled_of({"name": "a", "objective": "99.9", "availability": {}, "alerting": {"ticket": False}})
    assert ruled is not None
    assert "nobody-counts" not in [one.name for one in scenarios(ruled)]
    assert [one for scenario in scenarios(ruled) for one in absences(ruled, scenario)] == []


def pages(*phases: Phase) -> list[Check]:
    return [one for one in checks(behind_a_gateway(), Scenario("x", Traffic(list(phases)))) if one.severity == PAGE]


def test_a_turn_is_looked_at_on_both_sides() -> None:
    before, after, end = pages(Phase(HOUR, BUSY, 0), Phase(HOUR, BUSY, 1))
    assert (before.fires, after.fires, end.fires) == (False, True, True)
    assert HOUR - MINUTE <= before.at < after.at <= HOUR + 5 * MINUTE
    assert end.at == 2 * HOUR


def test_nothing_is_asked_so_close_to_a_turn_that_rates_may_be_late() -> None:
    assert [one.fires for one in pages(Phase(MINUTE, BUSY, 0), Phase(5 * MINUTE, BUSY, 1))] == [True]


def test_an_alert_that_is_gone_before_it_must_be_there_is_not_asked_for() -> None:
    barely = Phase(58 * MINUTE, BUSY, 0.015)
    told = pages(Phase(8 * HOUR, BUSY, 0), barely, Phase(HOUR, BUSY, 0))
    assert [one.fires for one in told] == [False, False, False]
    assert told[1].at - told[0].at <= 6 * MINUTE


def test_selectors_that_nothing_tells_apart_prove_nothing() -> None:
    alike = {"bad": "jobs_total", "total": "jobs_total"}
    ruled = ruled_of({"name": "a", "objective": "99", "ratio": alike})
    with pytest.raises(ValueError, match="no counters were found"):
        told(Scenario("x", Traffic([Phase(HOUR, BUSY, 0)])), ruled)
