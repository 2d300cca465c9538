"""Orders for a rollout: when each makes sense, what it writes, and when it was followed."""

import pytest

from tests.support.rollouts import HOLDING, RECORD, at, read
from toprope.cli.rollout.orders import (
    ABORT,
    ORDERS,
    PAUSE,
    PROMOTE,
    RESUME,
    RETRY,
    UNFREEZE,
    Order,
    changes,
    crossed,
    refusal,
    useful,
)
from toprope.delivery.machine.rollout import Phase

MOVING = ["Preparing", "Shifting", "Holding", "Baking"]
MAKES_SENSE = {
    "promote": MOVING,
    "abort": ["Frozen", *MOVING],
    "pause": ["Frozen", *MOVING],
    "retry": ["Failed"],
    "unfreeze": ["Frozen"],
}
BY_NAME = {order.name: order for order in ORDERS}


@pytest.mark.parametrize("name", MAKES_SENSE)
@pytest.mark.parametrize("phase", [one for one in Phase if one not in (Phase.IDLE, Phase.RETIRING)])
def test_an_order_is_refused_where_nothing_would_come_of_it(name: str, phase: str) -> None:
    told = refusal(BY_NAME[name], read(at(phase)))
    assert (told == "") is (phase in MAKES_SENSE[name])
    assert told == "" or f"revision new is {phase}, " in told


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        ("Preparing", "BudgetBelowOneVerdict"), ("Preparing", "TooCoarse"), ("Holding", "BudgetBelowStep"),
        ("Holding", "TooCoarse"),
    ],
)  # fmt: skip
def test_who_waits_for_budget_in_mid_rollout_can_be_let_go_on(phase: str, reason: str) -> None:
    waits = read(at(phase, reason))
    assert refusal(UNFREEZE, waits) == ""
    assert UNFREEZE in useful(waits)
    assert [UNFREEZE.shows(one, "new") for one in (waits, read(HOLDING))] == [False, True]


@pytest.mark.parametrize("reason", ["NotReadyInTime", "CandidateRefused"])
def test_a_failed_one_that_goes_on_by_itself_can_be_given_up(reason: str) -> None:
    failed = read(at("Failed", reason))
    assert refusal(ABORT, failed) == ""
    assert [ABORT.shows(one, "new") for one in (failed, read(at("Failed", "Aborted")))] == [False, True]


@pytest.mark.parametrize("phase", ["Frozen", "Preparing"])
def test_a_pause_before_the_first_request_holds_as_soon_as_it_is_written(phase: str) -> None:
    told = [PAUSE.shows(read(at(phase), notes=notes), "new") for notes in ({}, {"pause": "old"}, {"pause": "new"})]
    assert told == [False, False, True]
    assert not PAUSE.shows(read(at("Shifting"), notes={"pause": "new"}), "new")
    assert not PAUSE.shows(read(at(phase), "third", notes={"pause": "third"}), "new")


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
def test_without_a_candidate_there_is_nothing_to_order(order: Order) -> None:
    told = refusal(order, read(at("Idle"), None))
    assert told == (
        f"ShortenerApp default/links has no candidate: there is nothing to {order.name}. Revision old serves, and no "
        f"release is on its way."
    )


def test_a_phase_of_a_newer_operator_is_no_reason_to_refuse() -> None:
    assert refusal(ABORT, read(at("Probing"))) == ""


def test_only_who_is_paused_can_go_on() -> None:
    assert "is not paused" in refusal(RESUME, read(HOLDING))
    assert refusal(RESUME, read(HOLDING, notes={"pause": "new"})) == ""


@pytest.mark.parametrize(
    ("sentence", "name", "notes", "written"),
    [
        ("it names the candidate", "abort", {}, {"abort": "new"}),
        ("a promotion ends a pause of it", "promote", {"pause": "new"}, {"promote": "new", "pause": None}),
        ("and no pause of another", "promote", {"pause": "old"}, {"promote": "new"}),
        ("a pause is taken away", "resume", {"pause": "new"}, {"pause": None}),
        ("a new try is marked, so that it can be told again", "retry", {}, {"retry": "new/1"}),
        ("and no order of the last try meets it", "retry", {"abort": "new", "promote": "new"},
         {"retry": "new/1", "abort": None, "promote": None}),
        ("a budget's override stays", "retry", {"unfreeze": "new"}, {"retry": "new/1"}),
    ],
)  # fmt: skip
def test_what_an_order_writes(sentence: str, name: str, notes: dict[str, str], written: dict[str, str | None]) -> None:
    told = changes(BY_NAME[name], read(HOLDING, notes=notes), "1")
    assert {key.removeprefix("toprope.dev/"): value for key, value in told.items()} == written


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("abort", read(HOLDING), read(at("RollingBack", "Aborted"))),
        ("pause", read(HOLDING), read(at("Holding", "Paused"))),
        ("resume", read(at("Holding", "Paused")), read(HOLDING)),
        ("retry", read(at("Failed", retried="other")), read(at("Preparing", retried="new"))),
        ("retry", read(at("Failed", retried="other")), read(at("Failed", retried="new"))),
        ("retry", read(at("Failed")), read(at("Idle"), None, revision={"stable": "new"})),
        ("unfreeze", read(at("Frozen")), read(at("Preparing"))),
        ("promote", read(HOLDING), read(at("Retiring"), None, revision={"stable": "new"})),
        ("abort", read(HOLDING), read(at("Preparing"), "third", history=[{**RECORD, "outcome": "Aborted"}])),
    ],
)
def test_an_order_shows_when_it_was_followed(name: str, before: object, after: object) -> None:
    order = BY_NAME[name]
    assert [order.shows(one, "new") for one in (before, after)] == [False, True]  # type: ignore[arg-type]


def test_an_order_that_came_too_late_says_what_became_of_its_candidate() -> None:
    gone = read(at("Idle"), None, history=[RECORD])
    assert crossed(PROMOTE, gone, "new") == (
        "Revision new is not the candidate any more. It ended as RolledBack: 27 bad of 1,904."
    )
    assert crossed(PROMOTE, read(at("Preparing"), "third"), "new") == "Revision new is not the candidate any more."


def test_a_candidate_that_is_taken_back_is_not_promoted() -> None:
    back = read(at("RollingBack", "WorseThanStable", "27 bad of 1,904."))
    assert crossed(PROMOTE, back, "new") == "Revision new was taken back first: RollingBack. 27 bad of 1,904."
    assert [crossed(order, back, "new") for order in (ABORT, RETRY)] == ["", ""]
    assert crossed(PROMOTE, read(HOLDING), "new") == ""


def test_offered_is_what_would_change_something_and_is_not_ordered_already() -> None:
    assert [one.name for one in useful(read(HOLDING))] == ["promote", "abort", "pause"]
    assert [one.name for one in useful(read(at("Holding"), notes={"pause": "new"}))] == ["promote", "abort", "resume"]
    assert [one.name for one in useful(read(at("Failed"), notes={"retry": "new/1"}))] == ["retry"]
    assert useful(read(at("Idle"), None)) == []


def test_what_stands_from_an_earlier_try_is_offered_and_written_anew() -> None:
    worn = read({**HOLDING, "earlierOrders": ["abort=new"]}, notes={"abort": "new"})
    assert [one.name for one in useful(worn)] == ["promote", "abort", "pause"]
    assert changes(ABORT, worn, "1") == {"toprope.dev/abort": "new/1"}
    assert ABORT.shows(read(at("RollingBack", "Aborted")), "new/1")
    assert PROMOTE.shows(read(at("Idle"), None, revision={"stable": "new"}), "new/1")
