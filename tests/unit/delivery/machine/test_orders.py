"""Orders as people write them: each is for the one try of the candidate in which it was written."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.machine.moved import next_rollout
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import REST, Phase, Policy, Rollout, Seen, Share, Step
from toprope.delivery.orders import with_orders

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
POLICY = Policy((Step(10_000),), is_judged=True, bake=timedelta(minutes=10))
SEEN = Seen("b", candidate_ready=True, obstacle="No pod is ready.", share=Share(1000, 9000))
BACK_TO_A = replace(SEEN, wanted="a")
UNROUTED = replace(SEEN, route_moved=False)
SPENT = replace(SEEN, exhausted="The budget of availability is spent.")

IDLE = Rollout(stable="a", phase=Phase.IDLE, since=NOW)
PREPARING = replace(IDLE, candidate="b", phase=Phase.PREPARING, began=NOW)
FROZEN = replace(PREPARING, phase=Phase.FROZEN)
BACK = replace(PREPARING, phase=Phase.ROLLING_BACK, reason=Reason.WITHDRAWN, routed=NOW - REST, step=1)
FAILED = replace(PREPARING, phase=Phase.FAILED, reason=Reason.ABORTED)
LATE = replace(FAILED, reason=Reason.NOT_READY_IN_TIME)
REFUSED = replace(FAILED, reason=Reason.REFUSED)


def looked(before: Rollout, seen: Seen, notes: Mapping[str, str], now: datetime = NOW) -> Rollout:
    """One look at a resource that has these annotations of toprope.dev."""
    annotations = {f"toprope.dev/{word}": value for word, value in notes.items()}
    return next_rollout(before, with_orders(seen, annotations, before), POLICY, now)


@pytest.mark.parametrize(
    ("sentence", "before", "seen", "notes"),
    [
        ("who comes after one that failed unfrozen", FAILED, replace(SPENT, wanted="c"), {"unfreeze": "b"}),
        ("who comes while one gets ready unfrozen", PREPARING, replace(SPENT, wanted="c"), {"unfreeze": "b"}),
        ("who comes while one is taken back unfrozen", BACK, replace(SPENT, wanted="c"), {"unfreeze": "b"}),
        ("who is tried again", FAILED, SPENT, {"retry": "b/1"}),
        ("who was withdrawn, and is wanted again", BACK, SPENT, {}),
        ("who gets ready late", LATE, SPENT, {}),
        ("who is not refused any more", REFUSED, SPENT, {}),
    ],
)
def test_a_spent_budget_freezes(sentence: str, before: Rollout, seen: Seen, notes: dict[str, str]) -> None:
    after = looked(before, seen, notes)
    assert (after.phase, after.candidate, after.reason) == (Phase.FROZEN, seen.wanted, Reason.BUDGET_SPENT)


@pytest.mark.parametrize(
    ("sentence", "before", "notes"),
    [
        ("who is told so while frozen", FROZEN, {"unfreeze": "b"}),
        ("or with the release, in one write", IDLE, {"unfreeze": "b"}),
        ("also when another one is there", replace(PREPARING, candidate="c"), {"unfreeze": "b"}),
        ("or with a new try", FAILED, {"unfreeze": "b", "retry": "b/1"}),
        ("or got ready late", LATE, {"unfreeze": "b"}),
        ("or was refused for a while", REFUSED, {"unfreeze": "b"}),
        ("also by a value that is new", replace(FROZEN, earlier_orders=("unfreeze=b",)), {"unfreeze": "b/2"}),
    ],
)
def test_an_order_lets_go_on(sentence: str, before: Rollout, notes: dict[str, str]) -> None:
    after = looked(before, SPENT, notes)
    assert (after.phase, after.candidate) == (Phase.PREPARING, "b")


@pytest.mark.parametrize("order", ["promote", "abort", "pause", "unfreeze"])
@pytest.mark.parametrize(
    ("sentence", "before", "seen", "more"),
    [
        ("written before its revision was wanted", IDLE, BACK_TO_A, {}),
        ("it is stable already", replace(IDLE, stable="b"), SEEN, {}),
        ("it has failed", FAILED, SEEN, {"retry": "b/1"}),
        ("another one has, and it was not wanted", replace(FAILED, candidate="c"), replace(SEEN, wanted="c"), {}),
        ("it is taken back for good", replace(BACK, routed=None, reason=Reason.ABORTED), UNROUTED, {}),
        ("it is taken back for another", replace(BACK, routed=None), replace(UNROUTED, wanted="a"), {}),
    ],
)
def test_what_stood_when_no_try_was_there_is_for_none(
    order: str, sentence: str, before: Rollout, seen: Seen, more: dict[str, str]
) -> None:
    stood = looked(before, seen, {order: "b"})
    assert stood.earlier_orders == (f"{order}=b",)
    again = replace(IDLE, earlier_orders=stood.earlier_orders) if before.stable == "b" else stood
    ready = looked(replace(again, routed=NOW - REST), SEEN, {order: "b", **more})
    tried = ready if ready.phase is Phase.PREPARING else looked(ready, SEEN, {order: "b", "retry": "b/2"})
    began = looked(tried, SEEN, {order: "b", **more})
    assert (began.phase, began.weight, began.reason) == (Phase.SHIFTING, 10_000, Reason.CANDIDATE_READY)


@pytest.mark.parametrize(
    ("order", "reason"),
    [("promote", Reason.PROMOTED), ("abort", Reason.ABORTED), ("pause", Reason.PAUSED)],
)
@pytest.mark.parametrize(("earlier", "value"), [((), "b"), (("{}=b",), "b/2")])
def test_an_order_for_this_try_is_followed(order: str, reason: str, earlier: tuple[str, ...], value: str) -> None:
    before = replace(PREPARING, earlier_orders=tuple(one.format(order) for one in earlier))
    assert looked(before, SEEN, {order: value}).reason == reason


def test_an_order_that_was_taken_away_can_be_given_anew() -> None:
    before = replace(PREPARING, earlier_orders=("promote=b",))
    assert looked(before, SEEN, {}).earlier_orders == ()


def test_who_waits_for_the_one_before_to_go_keeps_the_orders_that_came_with_it() -> None:
    notes = {"promote": "b"}
    goes = replace(BACK, candidate="c", routed=None, reason=Reason.SUPERSEDED)
    waits = looked(goes, UNROUTED, notes)
    assert (waits.phase, waits.earlier_orders) == (Phase.ROLLING_BACK, ())
    begins = looked(replace(waits, routed=NOW - REST), SEEN, notes)
    assert looked(begins, SEEN, notes).reason == Reason.PROMOTED


def test_an_order_to_retry_is_for_the_revision_that_it_names_and_not_for_a_later_try() -> None:
    began = looked(replace(FAILED, candidate="c"), SEEN, {"retry": "b/1"})
    assert (began.candidate, began.retried, began.earlier_orders) == ("b", "b/1", ())
    assert looked(replace(FAILED, retried="b/1"), SEEN, {"retry": "b/1"}).phase is Phase.FAILED


def test_what_the_status_keeps_of_an_order_is_short() -> None:
    after = looked(IDLE, BACK_TO_A, {"promote": "b/" + "x" * 9000})
    assert [len(one) for one in after.earlier_orders] == [len("promote=") + 64]
