"""What keeps a rollout where it is, and for how long."""

from dataclasses import replace

import pytest

from tests.unit.delivery.machine.test_canary import (
    BACK,
    BAKING,
    HOLDING,
    MINUTE,
    NOW,
    POLICY,
    READY,
    SHARED,
    SHIFTING,
    UNMOVED,
    WAITS,
)
from toprope.delivery.machine.moved import next_rollout
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import REST, Phase, Rollout, Share, Trouble


@pytest.mark.parametrize("before", [SHIFTING, HOLDING, BAKING], ids=lambda one: str(one.phase))
def test_pods_that_do_not_come_back_are_waited_for_as_long_as_they_may_take_to_get_ready(before: Rollout) -> None:
    lost = next_rollout(before, WAITS, POLICY, NOW)
    assert (lost.reason, lost.unready_since) == (Reason.CAPACITY_LOST, NOW)
    lasts = replace(lost, looked_at=NOW + 10 * MINUTE)
    assert next_rollout(lasts, WAITS, POLICY, NOW + 9.9 * MINUTE).reason == Reason.CAPACITY_LOST
    assert next_rollout(lasts, READY, POLICY, NOW + 9.9 * MINUTE).unready_since is None
    gone = next_rollout(lasts, replace(WAITS, route_moved=False), POLICY, NOW + 10 * MINUTE)
    assert (gone.phase, gone.weight, gone.reason, gone.unready_since) == (
        Phase.ROLLING_BACK, 0, Reason.CAPACITY_MISSING, None,
    )  # fmt: skip
    assert gone.message == ("Revision new lacks pods for 10m, as long as readyWithin allows. 0 of 3 pods are ready.")


@pytest.mark.parametrize(
    ("minutes", "phase"),
    [(0.9, Phase.SHIFTING), (1, Phase.HOLDING), (2, Phase.SHIFTING), (2.9, Phase.SHIFTING), (3, Phase.HOLDING),
     (4.9, Phase.SHIFTING), (5, Phase.HOLDING), (8.5, Phase.SHIFTING)],
)  # fmt: skip
def test_shares_that_are_counted_anew_get_a_whole_hold_again(minutes: float, phase: Phase) -> None:
    shifting = replace(SHIFTING, routed=NOW)
    assert next_rollout(shifting, READY, POLICY, NOW + minutes * MINUTE).phase is phase


@pytest.mark.parametrize(
    ("share", "few"), [(Share(), True), (Share(0, 600), True), (Share(0, 700), False), (Share(1, 9), False)]
)
def test_none_of_a_few_requests_may_be_chance(share: Share, few: bool) -> None:
    assert share.is_few(1000) is few


@pytest.mark.parametrize(
    ("cause", "wanted", "phase", "reason"),
    [
        (Reason.ABORTED, "new", Phase.FAILED, Reason.ABORTED),
        (Reason.WITHDRAWN, "new", Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
    ],
)
def test_a_roll_back_that_waited_still_knows_why_it_began(cause: str, wanted: str, phase: Phase, reason: str) -> None:
    began = replace(BACK, reason=cause, message="Because.", cause=Trouble(cause, "Because."))
    waits = next_rollout(began, replace(UNMOVED, wanted=wanted), POLICY, NOW)
    assert waits.message == "The gateway does not send all traffic to revision old yet. Because."
    assert next_rollout(waits, replace(UNMOVED, wanted=wanted), POLICY, NOW + MINUTE) == waits
    after = next_rollout(replace(waits, routed=NOW - REST), replace(SHARED, wanted=wanted), POLICY, NOW)
    assert (after.phase, after.reason, after.cause) == (phase, reason, None)
