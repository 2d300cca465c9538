"""The gates of a trial: begun, asked for the next step, kept by one operator and read by the next."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.trials import STABLE, a_trial
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.verdict import Reason, Verdict
from toprope.delivery.trial import Trial
from toprope.io.now.gates import Gates

TRIAL = a_trial(9090)
T = 1.7e9
SLO = "availability"


def passed(trial: Trial = TRIAL) -> Gates:
    """With so many good requests that the step has passed."""
    gates = Gates(trial, T)
    for second in range(1, 12):
        gates.look(SLO, T + second, Counts(2000.0, 0.0), Counts(18000.0, 3.0))
    return gates


def verdict(gates: Gates) -> tuple[Verdict, Reason]:
    judged = gates.judged()[SLO]
    return judged.verdict, judged.reason


def read_by_another(gates: Gates, **changed: Any) -> Gates:
    """A new operator's, ten seconds later."""
    return Gates(replace(TRIAL, kept=gates.kept(), **changed), T + 22)


def test_a_step_passes_and_the_next_one_asks_anew() -> None:
    gates = passed()
    assert verdict(gates)[0] is Verdict.PASS
    gates.asked(replace(TRIAL, step=2), T + 12)
    assert verdict(gates) == (Verdict.UNDECIDED, Reason.NO_REQUESTS)


def test_to_be_asked_again_changes_nothing() -> None:
    gates = passed()
    before = gates.judged()
    gates.asked(TRIAL, T + 12)
    assert gates.judged() == before


def test_each_slo_is_judged_by_its_own_counts() -> None:
    gates = passed()
    assert gates.verdicts() == {SLO: Verdict.PASS, "fast": Verdict.UNDECIDED}


def test_an_slo_that_comes_later_begins_then_and_one_that_goes_is_forgotten() -> None:
    gates = Gates(replace(TRIAL, rules={SLO: TRIAL.rules[SLO]}), T)
    gates.asked(replace(TRIAL, rules={"fast": TRIAL.rules["fast"]}), T + 5)
    assert list(gates.verdicts()) == ["fast"]


def test_another_operator_goes_on_where_the_first_one_was() -> None:
    assert verdict(read_by_another(passed()))[0] is Verdict.PASS


def test_what_was_kept_in_an_earlier_step_does_not_pass_this_one() -> None:
    assert verdict(read_by_another(passed(), step=2)) == (Verdict.UNDECIDED, Reason.NO_REQUESTS)


@pytest.mark.parametrize("text", ["", "1", "1 {}", "one {}", '1 {"v": 0}', '1 {"v": 1, "proofs": 3}', "{", "1 [1]"])
def test_what_cannot_be_read_begins_anew(text: str) -> None:
    mark = passed().kept()[SLO].partition(" ")[0]
    gates = Gates(replace(TRIAL, kept={SLO: f"{mark} {text}"}), T)
    assert verdict(gates) == (Verdict.UNDECIDED, Reason.NO_REQUESTS)


@pytest.mark.parametrize("changed", [{"candidate": STABLE}, {"rollout": "the second"}], ids=str)
def test_what_was_kept_of_another_candidate_is_not_this_ones(changed: dict[str, Any]) -> None:
    assert verdict(read_by_another(passed(), **changed)) == (Verdict.UNDECIDED, Reason.NO_REQUESTS)


def compared_with(gates: Gates) -> Any:
    """What of stable the candidate is held against."""
    gates.look(SLO, T + 30, Counts(100.0, 0.0), Counts())
    return gates.judged()[SLO].evidence["stable"]


def test_baking_is_against_what_was_counted_here() -> None:
    gates = passed()
    gates.asked(replace(TRIAL, step=2, is_bake=True), T + 12)
    gates.asked(replace(TRIAL, step=2, is_bake=True, past={SLO: Counts(5.0, 5.0)}), T + 13)
    assert compared_with(gates)["total"] == pytest.approx(18000 * 11, rel=0.01)


def test_baking_is_against_what_prometheus_knows_where_nothing_was_counted_here() -> None:
    trial = replace(TRIAL, is_bake=True, past={SLO: Counts(70000.0, 20.0)})
    assert compared_with(Gates(trial, T)) == {"total": 70000, "bad": 20}


def test_baking_goes_on_with_another_operator() -> None:
    gates = passed()
    gates.asked(replace(TRIAL, step=2, is_bake=True), T + 12)
    assert compared_with(read_by_another(gates, step=2, is_bake=True))["total"] > 100_000


def test_the_last_hour_is_known_from_the_beginning() -> None:
    gates = Gates(replace(TRIAL, past={SLO: Counts(70000.0, 20.0)}), T)
    gates.asked(replace(TRIAL, is_bake=True), T)
    assert compared_with(gates) == {"total": 70000, "bad": 20}
