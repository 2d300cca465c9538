"""What conditions and Events say of SLOs, fact by fact."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import nan
from typing import Any

import pytest

from tests.support.measured import AVAILABILITY, NOW, RULES, numbers
from toprope.core.conditions import Condition, timestamp
from toprope.core.measured import FRESH, Blindness, Measured, Numbers, Sample
from toprope.core.model import ConditionModel
from toprope.slo.budget import State
from toprope.slo.facts.look import Wanted
from toprope.slo.facts.rules import PATIENCE
from toprope.slo.health import Health, Stated, health
from toprope.slo.promise import Promise
from toprope.slo.reasons import Reason
from toprope.slo.status import SloStatus
from toprope.slo.windows import DAY

FAST = Promise("fast", "99", 30 * DAY)
SPENT = {"30d": 0.002}
BURNING = numbers(FAST, {"5m": 0.2, "1h": 0.2})
EARLIER = "2026-02-01T00:00:00Z"
LONG_AGO, A_MOMENT_AGO = NOW - timedelta(hours=1), NOW - timedelta(seconds=30)


OWN = Promise("own", "99", 30 * DAY, counted_by="Own")
WANTED = Wanted(dict.fromkeys((AVAILABILITY, FAST, OWN), RULES), gateway={"availability": 'requests{router="links"}'})
FINE = {
    "availability": numbers(gateway=Sample(2, NOW), gateway_lately=Sample(60, NOW), bucket=Sample(2, NOW)),
    "fast": numbers(FAST),
    "own": numbers(OWN, bad_series=Sample(1, NOW)),
}


def of(measured: Measured, before: Stated | None = None) -> Health:
    return health(WANTED, measured, before or Stated(), NOW)


def condition(found: Health, type_: str) -> Condition:
    return next(one for one in found.conditions if one.type == type_)


def spoilt(**change: Any) -> Measured:
    """Two SLOs that are well, but for something about the first."""
    return Measured({**FINE, "availability": replace(FINE["availability"], **change)})


def unmeasured() -> Measured:
    return Measured({"fast": FINE["fast"], "own": FINE["own"]})


A_WHILE_AGO = Sample(10, NOW - FRESH - timedelta(seconds=1))
TWO_SCRAPES_AGO = Sample(10, NOW - timedelta(seconds=30))
LOADED, CARRIED = Wanted({FAST: RULES}), Wanted({FAST: RULES}, file="links-slos")
NO_SERIES = ("SloDataPresent", "False", Reason.NO_SERIES)
ALONE = ("SloDataPresent", "True", Reason.GATEWAY_NOT_COUNTING)
BLANK = ("SloDataPresent", "True", Reason.BAD_HAS_NO_SERIES)
JUST_CHANGED = replace(FINE["own"], bad_series=None, rules="version0")
HASTY = ("SloDataPresent", "True", Reason.GATEWAY_WITHOUT_BUCKET)
AWAY = Measured(FINE, Blindness(NOW - timedelta(minutes=3), "ConnectError: refused"))
NOWHERE = Measured(FINE, Blindness(None, ""))
FAILING = {"failing": "many-to-many matching not allowed", "counted": None, "error": None}


@pytest.mark.parametrize(
    ("measured", "type_", "truth", "reason", "words"),
    [
        (NOWHERE, "SlosMet", "Unknown", Reason.NO_PROMETHEUS, "TOPROPE_PROMETHEUS_URL"),
        (AWAY, "SlosMet", "Unknown", Reason.PROMETHEUS_UNAVAILABLE, "nothing since 2026-03-01T11:57:00Z"),
        (Measured({"availability": numbers(errors=SPENT)}), "SlosMet", "False", Reason.SLO_EXHAUSTED, ": availability"),
        (Measured(FINE | {"fast": BURNING}), "SlosMet", "False", Reason.SLO_BURNING, ": fast"),
        (Measured({"fast": BURNING}), "SlosMet", "False", Reason.SLO_BURNING, ": fast"),
        (Measured({"fast": replace(BURNING, rules="version0")}), "SlosMet", "False", Reason.SLO_BURNING, ": fast"),
        (unmeasured(), "SlosMet", "Unknown", Reason.SLO_WITHOUT_DATA, "No data is not good."),
        (spoilt(counted=None), "SlosMet", "Unknown", Reason.SLO_WITHOUT_DATA, "no number for availability;"),
        (spoilt(counted=A_WHILE_AGO), "SlosMet", "Unknown", Reason.SLO_WITHOUT_DATA, "No data is not good."),
        (spoilt(counted=TWO_SCRAPES_AGO), "SlosMet", "True", Reason.ALL_MET, "No budget is spent"),
        (Measured(FINE), "SlosMet", "True", Reason.ALL_MET, "No budget is spent"),
        (NOWHERE, "SloDataPresent", "Unknown", Reason.NO_PROMETHEUS, "knows of no Prometheus"),
        (AWAY, "SloDataPresent", "Unknown", Reason.PROMETHEUS_UNAVAILABLE, "ConnectError: refused"),
        (unmeasured(), "SloDataPresent", "Unknown", Reason.NOT_RECORDED, "record availability yet"),
        (Measured({"fast": replace(FINE["fast"], counted=None)}), *NO_SERIES, "count fast."),
        (spoilt(counted=None), "SloDataPresent", "False", Reason.NO_SERIES, "count availability."),
        (spoilt(lost=Sample(2, NOW)), "SloDataPresent", "False", Reason.NOBODY_COUNTS, "rate of the last hour"),
        (spoilt(lost=Sample(0, NOW)), "SloDataPresent", "True", Reason.COUNTED, "All are counted."),
        (
            spoilt(gateway=None, gateway_lately=None),
            *ALONE,
            "availability, for Prometheus has no series of the gateway: requests{router=",
        ),
        (spoilt(gateway=None, gateway_lately=None), *ALONE, "--metrics.prometheus.addRoutersLabels=true"),
        (
            spoilt(gateway=None, gateway_lately=None, counted=Sample(0, NOW)),
            "SloDataPresent",
            "True",
            Reason.COUNTED,
            "All are counted.",
        ),
        (spoilt(gateway=None, counted=Sample(0, NOW), gateway_lately=Sample(9, NOW)), *ALONE, "counted until a while"),
        (spoilt(gateway=None, gateway_lately=Sample(9, NOW)), *ALONE, "availability: requests{router="),
        (Measured(FINE | {"own": replace(FINE["own"], bad_series=None)}), *BLANK, "The selector of bad events of own"),
        (Measured(FINE | {"own": replace(FINE["own"], bad_series=None)}), *BLANK, "right while nothing has failed;"),
        (Measured(FINE | {"own": JUST_CHANGED}), "SloDataPresent", "True", Reason.COUNTED, "All are counted."),
        (spoilt(bucket=None, rules="version0"), "SloDataPresent", "True", Reason.COUNTED, "All are counted."),
        (spoilt(bucket=None), *HASTY, "availability, and has no histogram bucket of 1 s"),
        (spoilt(error=Sample(1.02, NOW)), "SloDataPresent", "False", Reason.BAD_EXCEEDS_TOTAL, "availability. Sel"),
        (spoilt(error=Sample(1.009, NOW)), "SloDataPresent", "True", Reason.COUNTED, "All are counted."),
        (spoilt(error=None), "SloDataPresent", "True", Reason.NO_EVENTS, "yet for availability."),
        (spoilt(error=Sample(nan, NOW)), "SloDataPresent", "True", Reason.NO_EVENTS, "yet for availability."),
        (Measured(FINE), "SloDataPresent", "True", Reason.COUNTED, "All are counted."),
        (NOWHERE, "RulesAccepted", "Unknown", Reason.NO_PROMETHEUS, "knows of no Prometheus"),
        (AWAY, "RulesAccepted", "Unknown", Reason.PROMETHEUS_UNAVAILABLE, "silent"),
        (spoilt(**FAILING), "RulesAccepted", "False", Reason.RULE_FAILS, "of availability: many-to-many"),
        (spoilt(loaded=False), "RulesAccepted", "False", Reason.RULES_NOT_SELECTED, "ruleNamespaceSelector"),
        (unmeasured(), "RulesAccepted", "Unknown", Reason.NOT_EVALUATED, "rules of availability;"),
        (spoilt(rules="version0"), "RulesAccepted", "Unknown", Reason.EARLIER_RULES, "rules of availability;"),
        (Measured(FINE), "RulesAccepted", "True", Reason.EVALUATED, "these very rules"),
    ],
)
def test_a_condition(measured: Measured, type_: str, truth: str, reason: Reason, words: str) -> None:
    said = condition(of(measured), type_)
    assert (said.status, said.reason) == (truth, reason)
    assert words in said.message


def accepted(wanted: Wanted, measured: Measured) -> Condition:
    return condition(health(wanted, measured, Stated(), NOW), "RulesAccepted")


def test_a_broken_slo_is_said_first_and_the_others_are_judged() -> None:
    wanted = Wanted({FAST: RULES}, broken={"jobs": "ratio.bad 'x{' is no PromQL"})
    found = health(wanted, Measured(FINE), Stated(), NOW)
    said = condition(found, "RulesAccepted")
    assert (said.status, said.reason) == ("False", Reason.SLO_NOT_UNDERSTOOD)
    assert "jobs: ratio.bad" in said.message
    assert [(one.name, one.state) for one in found.statuses] == [("fast", State.MET), ("jobs", State.NO_DATA)]


@pytest.mark.parametrize("rules", [{}, {FAST: RULES}])
def test_a_broken_slo_is_neither_met_nor_counted(rules: Mapping[Promise, str]) -> None:
    found = health(Wanted(rules, broken={"jobs": "ratio.bad 'x{' is no PromQL"}), Measured(FINE), Stated(), NOW)
    met, data = condition(found, "SlosMet"), condition(found, "SloDataPresent")
    assert (met.status, met.reason) == ("Unknown", Reason.SLO_WITHOUT_DATA)
    assert (data.status, data.reason) == ("Unknown", Reason.NOT_RECORDED)
    assert "number for jobs;" in met.message


def test_without_prometheus_operator_somebody_else_carries_the_rules() -> None:
    said = accepted(CARRIED, unmeasured())
    assert said.reason == Reason.EVALUATED
    said = accepted(CARRIED, Measured())
    assert (said.status, said.reason) == ("False", Reason.RULES_NOT_INSTALLED)
    assert "ConfigMap links-slos" in said.message


@pytest.mark.parametrize(("measured", "words"), [(NOWHERE, "TOPROPE_PROMETHEUS_URL"), (AWAY, "ConnectError: refused")])
def test_that_somebody_has_to_carry_the_rules_is_known_without_prometheus(measured: Measured, words: str) -> None:
    said = accepted(CARRIED, measured)
    assert (said.status, said.reason) == ("Unknown", Reason.RULES_NOT_INSTALLED)
    assert "ConfigMap links-slos" in said.message
    assert words in said.message


UNLOADED = Measured({"fast": replace(FINE["fast"], rules=None, loaded=False)})
REFUSED = Measured({"fast": replace(FINE["fast"], failing="many-to-many matching")})
EARLIER_ONES = Measured({"fast": replace(FINE["fast"], rules="version0")})


@pytest.mark.parametrize(
    ("wanted", "measured", "words"),
    [
        (CARRIED, Measured(), ["load it into your Prometheus", "ConfigMap links-slos"]),
        (CARRIED, NOWHERE, ["ConfigMap links-slos", "The operator knows of no Prometheus"]),
        (CARRIED, AWAY, ["ConfigMap links-slos", "ConnectError: refused"]),
        (LOADED, NOWHERE, ["The operator knows of no Prometheus"]),
        (LOADED, AWAY, ["ConnectError: refused"]),
        (LOADED, REFUSED, ["cannot evaluate a rule of fast: many-to-many"]),
        (LOADED, UNLOADED, ["No Prometheus has loaded the rules of fast"]),
        (LOADED, Measured(), ["has not evaluated the rules of fast"]),
        (LOADED, EARLIER_ONES, ["still evaluates earlier rules of fast"]),
    ],
)
def test_a_broken_slo_hides_nothing_of_a_good_one(wanted: Wanted, measured: Measured, words: list[str]) -> None:
    said = accepted(replace(wanted, broken={"jobs": "no PromQL."}), measured)
    assert (said.status, said.reason) == ("False", Reason.SLO_NOT_UNDERSTOOD)
    assert said.message.startswith("Without rules, and so without alerts: jobs: no PromQL. The other SLOs: ")
    assert all(word in said.message for word in words)


@pytest.mark.parametrize("wanted", [Wanted({}), LOADED])
@pytest.mark.parametrize("measured", [Measured(FINE), NOWHERE])
def test_of_good_slos_only_what_is_wrong_is_said_and_nothing_where_there_are_none(
    wanted: Wanted, measured: Measured
) -> None:
    said = accepted(replace(wanted, broken={"jobs": "no PromQL."}), measured)
    assert ("The other SLOs" in said.message) == bool(wanted.rules and measured.blind)
    assert said.message.startswith("Without rules, and so without alerts: jobs: no PromQL.")


def test_every_reason_is_said_by_some_branch() -> None:
    rows = [mark.args[1] for mark in test_a_condition.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]
    said = {row[3] for table in rows for row in table}
    elsewhere = {Reason.SLO_NOT_UNDERSTOOD, Reason.RULES_NOT_INSTALLED, Reason.RETENTION_BELOW_WINDOW}
    elsewhere |= {Reason.BUDGET_EXHAUSTED, Reason.BUDGET_RECOVERED}
    assert said | elsewhere == set(Reason)


def test_a_resource_without_slos_says_nothing() -> None:
    assert health(Wanted({}), Measured(), Stated(), NOW) == Health((), (), (), None)


def stated(truth: str, since: Any) -> Stated:
    fields = {"type": "RulesAccepted", "status": truth, "reason": "R", "message": "m"}
    return Stated((), [ConditionModel(**fields, last_transition_time=timestamp(since))])


@pytest.mark.parametrize("measured", [unmeasured(), spoilt(rules="version0")])
@pytest.mark.parametrize(
    ("sentence", "before", "truth", "due"),
    [
        ("new rules have two minutes", Stated(), "Unknown", NOW + PATIENCE),
        ("changed rules too", stated("True", LONG_AGO), "Unknown", NOW + PATIENCE),
        ("they are still within them", stated("Unknown", A_MOMENT_AGO), "Unknown", A_MOMENT_AGO + PATIENCE),
        ("it is too long", stated("Unknown", LONG_AGO), "False", None),
        ("it was too long before", stated("False", LONG_AGO), "False", None),
    ],
)
def test_rules_are_waited_for(sentence: str, measured: Measured, before: Stated, truth: str, due: Any) -> None:
    found = of(measured, before)
    assert (condition(found, "RulesAccepted").status, found.due) == (truth, due)


@pytest.mark.parametrize(
    ("sentence", "reason", "message", "since"),
    [
        ("an operator before said since when", "PrometheusUnavailable", "told nothing since {}, so", "08:00:00Z"),
        ("it was seen since", "Counted", "Not told nothing since {}, so", "11:57:00Z"),
        ("what was said is not ours", "PrometheusUnavailable", "m", "11:57:00Z"),
    ],
)
def test_since_when_it_is_blind_outlives_an_operator(sentence: str, reason: str, message: str, since: str) -> None:
    said = {"type": "SloDataPresent", "status": "Unknown", "reason": reason, "last_transition_time": EARLIER}
    before = ConditionModel(**said, message=message.format("2026-03-01T08:00:00Z"))
    found = condition(of(AWAY, Stated((), [before])), "SloDataPresent")
    assert f"nothing since 2026-03-01T{since}, so no number" in found.message


def test_nothing_is_due_while_prometheus_is_not_seen() -> None:
    assert of(AWAY).due is None


@pytest.mark.parametrize(("kept", "is_said"), [(None, False), (timedelta(days=30), False), (timedelta(days=15), True)])
def test_a_history_that_is_too_short(kept: timedelta | None, is_said: bool) -> None:
    found = of(Measured(FINE, retention=kept)).conditions
    said = [(one.status, one.reason) for one in found if one.type == "HistoryTooShort"]
    assert said == ([("True", Reason.RETENTION_BELOW_WINDOW)] if is_said else [])
    if is_said:
        assert found[-1].message.startswith("Prometheus keeps 15d, the window of availability, fast, own is longer: ")
        assert "up to 2 times as much of it may be spent as is shown" in found[-1].message


@pytest.mark.parametrize(
    ("sentence", "recorded", "since", "told"),
    [
        ("it goes on well", numbers(), None, []),
        ("it is spent", numbers(errors=SPENT), None, [("BudgetExhausted", "Warning")]),
        ("it is spent for long", numbers(errors=SPENT), EARLIER, []),
        ("it is spent, and nobody sees it", Numbers(), EARLIER, []),
        ("its counters vanish, and the bad minutes leave the window", numbers(counted=None), EARLIER, []),
        ("it recovers", numbers(), EARLIER, [("BudgetRecovered", "Normal")]),
    ],
)
def test_events_tell_of_transitions(sentence: str, recorded: Numbers, since: str | None, told: list[Any]) -> None:
    before = Stated([SloStatus(name="availability", state=State.EXHAUSTED, exhausted_since=since)])
    found = of(Measured(FINE | {"availability": recorded}), before)
    assert [(one.reason, one.type) for one in found.tells] == told
    assert found.statuses[0].name == "availability"


def test_an_event_says_which_transition_it_is() -> None:
    spent = of(Measured(FINE | {"availability": numbers(errors=SPENT)}))
    assert spent.tells[0].message == "The error budget of availability (99.9 %) is spent since 2026-03-01T12:00:00Z."
    back = of(Measured(FINE), Stated([SloStatus(name="fast", exhausted_since=EARLIER)]))
    assert (
        back.tells[0].message == f"fast has error budget again at 2026-03-01T12:00:00Z; it was spent since {EARLIER}."
    )
