"""Orders as people write them: each is for the one try of the candidate in which it was written."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.machine.moved import next_rollout
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import READY_WITHIN, REST, Phase, Policy, Rollout, Seen, Share, Step
from toprope.delivery.orders import with_orders

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + READY_WITHIN
POLICY = Policy((Step(10_000),), is_judged=True, bake=timedelta(minutes=10))
SEEN = Seen("b", candidate_ready=True, obstacle="No pod is ready.", share=Share(1000, 9000))
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
        ("who failed unfrozen", FAILED, replace(SPENT, wanted="c"), {"unfreeze": "b"}),
        ("who gets ready unfrozen", PREPARING, replace(SPENT, wanted="c"), {"unfreeze": "b"}),
        ("who is taken back unfrozen", BACK, replace(SPENT, wanted="c"), {"unfreeze": "b"}),
        ("who comes back to life by an order", FAILED, SPENT, {"retry": "b/1"}),
        ("and was unfrozen in the try before", FAILED, SPENT, {"retry": "b/1", "unfreeze": "b"}),
        ("who was withdrawn, and is wanted again", BACK, SPENT, {}),
        ("who gets ready late", LATE, SPENT, {}),
        ("who is not refused any more", REFUSED, SPENT, {}),
        ("who was unfrozen before it ever came", IDLE, SPENT, {"unfreeze": "b"}),
    ],
)
def test_a_spent_budget_freezes(sentence: str, before: Rollout, seen: Seen, notes: dict[str, str]) -> None:
    after = looked(before, seen, notes)
    assert (after.phase, after.candidate, after.reason) == (Phase.FROZEN, seen.wanted, Reason.BUDGET_SPENT)


@pytest.mark.parametrize(
    ("sentence", "before", "notes"),
    [
        ("who is told so while frozen", FROZEN, {"unfreeze": "b"}),
        ("and got ready late", LATE, {"unfreeze": "b"}),
        ("or was refused for a while", REFUSED, {"unfreeze": "b"}),
        ("also by a value that is new", replace(FROZEN, earlier_orders=("unfreeze=b",)), {"unfreeze": "b/2"}),
    ],
)
def test_an_order_lets_him_go_on(sentence: str, before: Rollout, notes: dict[str, str]) -> None:
    assert looked(before, SPENT, notes).phase is Phase.PREPARING


@pytest.mark.parametrize("order", ["promote", "abort", "pause", "unfreeze"])
@pytest.mark.parametrize(
    ("before", "more"), [(IDLE, {}), (FAILED, {"retry": "b/1"}), (BACK, {}), (replace(FAILED, candidate="c"), {})]
)
def test_what_stood_when_a_try_began_is_not_for_it(order: str, before: Rollout, more: dict[str, str]) -> None:
    notes = {order: "b", **more}
    began = looked(before, SEEN, notes)
    assert began.earlier_orders == (f"{order}=b",)
    goes_on = looked(began, SEEN, notes)
    assert (goes_on.phase, goes_on.weight, goes_on.reason) == (Phase.SHIFTING, 10_000, Reason.CANDIDATE_READY)


@pytest.mark.parametrize(
    ("order", "reason"),
    [("promote", Reason.PROMOTED), ("abort", Reason.ABORTED), ("pause", Reason.PAUSED)],
)
def test_written_anew_it_is(order: str, reason: str) -> None:
    began = looked(IDLE, SEEN, {order: "b"})
    assert looked(began, SEEN, {order: "b/2"}).reason == reason


def test_who_waited_or_is_late_keeps_its_orders() -> None:
    notes = {"promote": "b"}
    frozen = looked(replace(FROZEN, earlier_orders=("abort=b",)), SEEN, notes)
    late = looked(LATE, SEEN, notes)
    assert (frozen.earlier_orders, late.earlier_orders) == (("abort=b",), ())
    assert [looked(one, SEEN, notes).reason for one in (frozen, late)] == [Reason.PROMOTED] * 2


def test_an_order_to_retry_is_for_the_revision_that_it_names_and_not_for_a_later_try() -> None:
    began = looked(replace(FAILED, candidate="c"), SEEN, {"retry": "b/1"})
    assert (began.candidate, began.retried, began.earlier_orders) == ("b", "b/1", ())
    assert looked(replace(FAILED, retried="b/1"), SEEN, {"retry": "b/1"}).phase is Phase.FAILED


def test_a_try_that_is_over_forgets_them() -> None:
    baking = replace(PREPARING, phase=Phase.BAKING, step=2, weight=100_000, routed=NOW, earlier_orders=("abort=b",))
    assert looked(baking, SEEN, {"abort": "b"}, LATER).earlier_orders == ()
