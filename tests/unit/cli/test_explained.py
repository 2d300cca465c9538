"""Why a rollout is where it is, in sentences."""

from typing import Any

import pytest

from tests.support.rollouts import HOLDING, JUDGED, NOW, RECORD, SPEC, ago, at, read
from toprope.cli.rollout.explained import as_json, explanation
from toprope.cli.rollout.reading import Reading

PREPARING = at("Preparing", "CandidateNotReady", "No web pod is ready.", unreadySince=ago(50))
BAKING = at("Baking", "Baking", "All requests go over.", weight="100%", step=4, routed=ago(240), judgedAt=ago(2))
UNJUDGED = {"traffic": SPEC["traffic"], "rollout": {**SPEC["rollout"], "strategy": "Canary"}}  # type: ignore[dict-item]
BY_BUDGET = {key: value for key, value in SPEC.items() if key != "rollout"}
WITHOUT_GATEWAY = {"slos": SPEC["slos"]}
SHARED = {**HOLDING, "step": 1, "weight": "25%"}
THREE_PODS: dict[str, Any] = {"replicas": {"ready": 3, "wanted": 3}}
SPENT = {
    "name": "availability", "objective": "99.9", "window": "30d", "attained": "99.88", "budgetRemaining": "-0.2",
    "state": "Exhausted", "exhaustedSince": ago(3 * 3600),
}  # fmt: skip


def paid_for(most: str, **more: str) -> dict[str, Any]:
    """At 1 % of a ladder that the budget cuts."""
    unknown = {"slo": "latency", "message": "Nothing is known."}
    budget = [{"slo": "availability", "most": most, "given": "12", **more}, unknown]
    return {**HOLDING, "step": 1, "weight": "1%", "budget": budget}


def bounded(on_undecided: str) -> dict[str, Any]:
    gate = {"maxUndecided": "1h", "onUndecided": on_undecided}
    return {**SPEC, "rollout": {**SPEC["rollout"], "gate": gate}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (read(None, None, revision={}), "Nothing has been released yet."),
        (read(at("Idle"), None), "Revision old serves, and no release is on its way."),
        (read(at("Idle"), None, history=[RECORD]),
         "The last rollout, of revision new, ended 5m ago as RolledBack. 27 bad of 1,904."),
        (read(at("Retiring"), None, revision={"stable": "new", "retiring": "old"}),
         "Revision new serves; revision old ends its last requests."),
        (read(at("Frozen"), slos=[SPENT]),
         "Revision new has not begun: new releases wait for an error budget, for 50s."),
        (read(at("Frozen"), slos=[SPENT]),
         "availability promises 99.9% over 30d and attained 99.88%: its error budget was used to 120%, spent for 3h."),
        (read(PREPARING), "Revision new gets ready beside old, and has no requests yet, for 50s."),
        (read(PREPARING), "No web pod is ready. (CandidateNotReady)"),
        (read(PREPARING), "It has 9m of 10m left to get ready; else it has failed."),
        (read(at("Shifting", step=1, weight="1%")),
         "Revision new is to get 1% of the requests (step 1 of 3), for 50s."),
        (read(HOLDING), "This rollout has cost 4 bad requests so far."),
        (read(HOLDING),
         "availability: Undecided (GatheringEvidence). 4 bad of 2,000, stable had 5 of 18,000 in the same time: too "),
        (read(HOLDING), "Bad are 0.2% of the candidate's requests, 0.0278% of stable's. Of the proof that "),
        (read(HOLDING), "As it goes on, availability is decided in about 60s."),
        (read(HOLDING),
         "It gets 50% once every SLO of the gate has passed it at this weight and its hold is over."),
        (read(HOLDING), "It is held for 2m, of which 70s are left."),
        (read({**HOLDING, "since": ago(200)}), "Its hold of 2m is over."),
        (read(at("Failed")), "It stays so until the spec wants another release, or somebody has it tried again."),
        (read(at("Failed", "NotReadyInTime")), "Its pods stay: it goes on by itself once it is ready."),
        (read(HOLDING), "for 6h, of which 60s are over; after that it waits for a person."),
        (read({**HOLDING, "undecidedSince": ago(20)}), "of which 20s are over; after that it waits for a person."),
        (read(HOLDING, spec=bounded("RollBack")), "for 1h, of which 60s are over; after that it is taken back."),
        (read({**HOLDING, "stepped": ago(9 * 3600)}),
         "It has been undecided at this weight for 9h, longer than maxUndecided (6h): it waits for a person."),
        (read(at("Preparing", "BudgetBelowOneVerdict")),
         "It stays so until the error budget pays for the next share, or a person decides."),
        (read(paid_for("3%"), spec=BY_BUDGET), "Revision new gets 1% of the requests (step 1), for 50s."),
        (read(paid_for("3%"), spec=BY_BUDGET), "It gets 3% once every SLO of the gate has passed it"),
        (read(paid_for("1%"), spec=BY_BUDGET),
         "It gets no more as long as the error budget pays for no larger share. It is held for"),
        (read(paid_for("1%"), spec=BY_BUDGET, notes={"unfreeze": "new"}), "(step 1 of 3), for 50s."),
        (read(paid_for("1%"), spec=BY_BUDGET, notes={"unfreeze": "new"}), "It gets 10% once"),
        (read(paid_for("1%")), "It gets 10% once"),
        (read(paid_for("0%", given="0"), spec={**BY_BUDGET, "rollout": {"freeze": "Never"}}), "It gets 10% once"),
        (read(SHARED, spec=WITHOUT_GATEWAY, **THREE_PODS), "Revision new gets 25% of the requests (step 1 of 2)"),
        (read(SHARED, spec=WITHOUT_GATEWAY, **THREE_PODS), "It gets 50% once every SLO of the gate has passed it"),
        (read({**SHARED, "weight": "50%"}, spec=WITHOUT_GATEWAY), "It gets all requests once"),
        (read({**HOLDING, "weight": "50%", "step": 3}, spec=UNJUDGED),
         "It gets all requests once its hold is over: no SLO judges it. It is held for 1m, of which 10s are left."),
        (read({**HOLDING, "judgedAt": ago(400)}),
         "These counts are 6m old: the operator does not see the candidate, or does not run."),
        (read(BAKING), "It is stable in 6m, unless the gate fails it, or a fact does."),
        (read(at("RollingBack")), "All requests go back from revision new to old, for 50s."),
        (read(at("Failed")), "Revision new has failed and gets no requests; old serves, for 50s."),
        (read({"phase": "Probing", "reason": "R", "message": "M."}), "Revision new is Probing; old serves."),
        (read(HOLDING, observedGeneration=1), "The newest spec has not been looked at yet, so a release in it "),
        (read(HOLDING, notes={"reconcile": "disabled"}), "The annotation toprope.dev/reconcile: disabled leaves "),
    ],
)  # fmt: skip
def test_sentences(one: Reading, sentence: str) -> None:
    assert sentence in "\n".join(explanation(one, NOW))


@pytest.mark.parametrize(("age", "is_told"), [(600, True), (3600, False)])
def test_counts_of_a_step_that_waits_for_long_may_be_older(age: int, is_told: bool) -> None:
    told = explanation(read({**HOLDING, "since": ago(age), "judgedAt": ago(240)}), NOW)
    assert any("These counts are 4m old" in one for one in told) is is_told


@pytest.mark.parametrize(
    "judged",
    [
        {**JUDGED, "verdict": "Pass", "reason": "EnoughSeen"},
        {**JUDGED, "reason": "WorldIll"},
        {**JUDGED, "toPass": "0.01"},
        {key: value for key, value in JUDGED.items() if key != "countedSince"},
    ],
)
def test_how_long_a_verdict_takes_is_said_only_where_the_evidence_says_so(judged: dict[str, Any]) -> None:
    told = explanation(read({**HOLDING, "judged": [judged]}), NOW)
    assert not any("is decided in about" in one for one in told)


def test_what_nobody_counts_and_what_has_no_request_is_said() -> None:
    nothing = {**JUDGED, "candidate": {"total": 0, "bad": 0}, "stable": None}
    told = explanation(read({**HOLDING, "judged": [nothing]}), NOW)
    assert any("Bad are - of the candidate's requests, - of stable's." in one for one in told)


def test_a_spec_that_cannot_be_read_is_no_reason_to_be_silent() -> None:
    told = explanation(read(HOLDING, spec={"replicas": {"min": 0}}), NOW)
    assert told[0] == "Revision new gets 10% of the requests (step 2), for 50s."


def test_machines_get_the_seconds_that_are_left() -> None:
    told = as_json(read(HOLDING), NOW)
    assert (told["phase"], told["weight"], told["secondsLeft"]) == ("Holding", "10%", 70)
    assert as_json(read(at("Failed")), NOW)["secondsLeft"] is None


def test_a_gates_sentence_is_not_said_twice() -> None:
    told = explanation(read({**HOLDING, "message": f"availability: {JUDGED['message']}."}), NOW)
    assert sum(str(JUDGED["message"]) in one for one in told) == 1


def test_one_that_has_passed_is_not_undecided() -> None:
    passed = {**JUDGED, "verdict": "Pass", "reason": "EnoughSeen"}
    assert not any(one.startswith("Undecided") for one in explanation(read({**HOLDING, "judged": [passed]}), NOW))


@pytest.mark.parametrize("reason", ["Paused", "BudgetBelowStep", "TooCoarse"])
def test_of_one_that_waits_for_a_person_or_a_budget_nothing_comes_next(reason: str) -> None:
    told = explanation(read({**HOLDING, "reason": reason}), NOW)
    assert not any(one.startswith(("It gets", "It is held", "Undecided")) for one in told)


@pytest.mark.parametrize("reason", ["EarlierRevisionEnds", "BudgetBelowOneVerdict", "TooCoarse", "Paused", "Probing"])
def test_a_ready_one_is_not_said_to_run_out_of_time(reason: str) -> None:
    assert not any("to get ready" in one for one in explanation(read(at("Preparing", reason)), NOW))
