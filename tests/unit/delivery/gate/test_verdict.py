"""What the evidence comes to, in words."""

import pytest

from tests.unit.delivery.gate.test_advance import BROKEN, HEALTHY, ILL, RULES, gone
from toprope.delivery.gate.advance import bake
from toprope.delivery.gate.outlook import outlook
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import State, begin
from toprope.delivery.gate.verdict import Reason, Verdict
from toprope.delivery.gate.words import judgement

ALONE = begin(0, is_known=False)
BESIDE = "stable had"
MORE = "about 2,800 requests more if it goes on like this"
ENOUGH = "a bad one would have had about 24, sure to 1 in 200"
NOT_TO_BLAME = "both burn their budgets too fast, so this release is not to blame"
UNPROVEN = "more than the objective allows, but not proven worse than stable"


CASES = [
    (begin(0), "Undecided", "NoRequests", "The candidate has had no request yet"),
    (
        gone(begin(0), 1, HEALTHY, HEALTHY), "Undecided", "GatheringEvidence",
        f"0 bad of 100, {BESIDE} 0 of 900 in the same time: too little to say, {MORE}",
    ),
    (
        gone(begin(0), 1, (1000.0, 8.0), (1000.0, 3.0)), "Undecided", "GatheringEvidence",
        "8 bad of 1,000, stable had 27 of 9,000 in the same time: too bad to pass, too little to fail",
    ),
    (
        gone(begin(0), 60, HEALTHY, HEALTHY), "Pass", "EnoughSeen",
        f"0 bad of 6,000, {BESIDE} 0 of 54,000 in the same time: {ENOUGH}",
    ),
    (
        gone(begin(0), 1, (1000.0, 27.0), (1000.0, 1.0)), "Fail", "WorseThanStable",
        "27 bad of 1,000, stable had 9 of 9,000 in the same time: at least 3 times worse, sure to 1 in 200",
    ),
    (
        gone(begin(0), 60, ILL, ILL), "Undecided", "WorldIll",
        f"300 bad of 6,000, {BESIDE} 2,700 of 54,000 in the same time: {NOT_TO_BLAME}",
    ),
    (
        gone(begin(0), 1, (1000.0, 20.0), (1000.0, 8.0)), "Undecided", "WorseUnproven",
        f"20 bad of 1,000, {BESIDE} 72 of 9,000 in the same time: {UNPROVEN}",
    ),
    (
        gone(ALONE, 1, HEALTHY, None), "Undecided", "NoStable",
        f"0 bad of 100: no stable to compare with, too little to say, {MORE}",
    ),
    (
        gone(ALONE, 60, HEALTHY, None), "Pass", "NoStable",
        f"0 bad of 6,000: {ENOUGH}",
    ),
    (
        gone(ALONE, 1, BROKEN, None), "Fail", "NoStable",
        "50 bad of 100: the objective allows 0.1, sure to 1 in 200; there is no stable to compare with",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("state", "verdict", "reason", "message"), CASES)
def test_a_person_reads(state: State, verdict: str, reason: str, message: str) -> None:
    told = judgement(RULES, state)
    assert (told.verdict, told.reason, told.message) == (verdict, reason, message)


def test_each_verdict_and_reason_is_one_that_a_test_has_seen() -> None:
    assert {case[2] for case in CASES} == set(Reason)
    assert {case[1] for case in CASES} == set(Verdict)


def test_a_candidate_that_turned_bad_is_told_of_since_then() -> None:
    turned = gone(gone(begin(0), 600, HEALTHY, HEALTHY), 10, ILL, HEALTHY)
    evidence = judgement(RULES, turned).evidence
    assert evidence["since"] == 600
    assert evidence["candidate"]["total"] <= 1000


def test_one_that_passed_and_burns_its_budget_by_now_passes_no_more() -> None:
    state, said = gone(begin(0), 120, HEALTHY, HEALTHY), []
    for _ in range(90):
        state = gone(state, 1, (100.0, 0.5), (100.0, 0.16))
        said.append(judgement(RULES, state).reason)
    assert list(dict.fromkeys(said)) == [Reason.ENOUGH_SEEN, Reason.WORSE_UNPROVEN, Reason.WORSE_THAN_STABLE]


def test_a_baking_one_is_told_of_beside_stables_last_hour() -> None:
    baking = gone(bake(RULES, gone(begin(0), 60, HEALTHY, (100.0, 0.01))), 1, HEALTHY, None)
    told = judgement(RULES, baking)
    assert told.message.startswith("0 bad of 100, stable had 5 of 53,627 in its last hour: ")
    assert told.evidence["stable"] == {"total": pytest.approx(53627, abs=1), "bad": 5.4}


def test_evidence_for_programs() -> None:
    assert judgement(Rules(0.001, slos=2), gone(begin(0), 1, (1000.0, 60.0), HEALTHY)).evidence == {
        "candidate": {"total": 1000, "bad": 60},
        "stable": {"total": 900, "bad": 0},
        "since": 0,
        "toFail": {"absolute": 1.0, "relative": 1.0},
        "toPass": 0.0,
        "timesWorse": 3.0,
        "dispersion": 2.0,
    }


def test_how_long_a_verdict_will_take() -> None:
    fresh = outlook(RULES, gone(begin(0), 1, HEALTHY, HEALTHY))
    assert fresh.to_pass == pytest.approx(2773, abs=1)
    assert fresh.to_fail == pytest.approx(7200, rel=0.01)
    assert fresh.seconds(2.0) == pytest.approx(fresh.to_pass / 2)
    assert fresh.seconds(0.0) == float("inf")
    assert outlook(RULES, gone(begin(0), 60, HEALTHY, HEALTHY)).to_pass == 0
    assert outlook(RULES, gone(begin(0), 1, BROKEN, HEALTHY)).to_fail == 0


def test_the_forecast_is_kept() -> None:
    state = begin(0)
    needed = outlook(RULES, gone(state, 1, HEALTHY, HEALTHY)).to_pass
    looks = next(looks for looks in range(100) if gone(state, looks, HEALTHY, HEALTHY).passed)
    assert 100 * looks == pytest.approx(needed, rel=0.3)
