"""Outages of stable's, budgets that are spent meanwhile, and steps that never become true."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.delivery.machine.test_canary import (
    BAKING,
    FAULTY,
    FROZEN,
    HOLDING,
    IDLE,
    MINUTE,
    NOW,
    POLICY,
    PREPARING,
    READY,
    SHARED,
    SHIFTING,
    UNMOVED,
    WORSE,
    told,
)
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.moved import gone_at, next_rollout
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import GONE_AFTER, Command, OnUndecided, Phase, Rollout, Seen, Share

DOWN = replace(SHARED, stable_down="Stable old cannot answer. 0 of 3 web pods ready.")
SPENT = replace(READY, exhausted="The budget is spent.")
DOWN_AND_SPENT = replace(DOWN, exhausted="The budget is spent.")
OUTAGE = replace(DOWN_AND_SPENT, candidate_ready=False, can_answer=False)
ILL = replace(DOWN, fault=FAULTY.fault)
BACK = replace(BAKING, phase=Phase.ROLLING_BACK, weight=0, reason="CandidateCrashes", routed=None, since=NOW - MINUTE)
LOST = replace(DOWN, no_way_back="Requests stay with revision new.", route_moved=False)


def gone(before: Rollout) -> Rollout:
    """Stable has been away beside the candidate for as long as it is waited for."""
    return replace(before, alone_since=NOW - GONE_AFTER)


@pytest.mark.parametrize(
    ("sentence", "before", "seen", "phase", "reason"),
    [
        ("who alone can answer gets all requests", gone(PREPARING), DOWN, Phase.BAKING, Reason.STABLE_GONE),
        ("also with fewer pods than stable had", gone(PREPARING), replace(DOWN, candidate_ready=False), Phase.BAKING,
         Reason.STABLE_GONE),
        ("not before he has any", gone(PREPARING), replace(DOWN, candidate_ready=False, can_answer=False),
         Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("nor while it is paused", gone(PREPARING), told(DOWN, Command.PAUSE), Phase.PREPARING, Reason.PAUSED),
        ("nor then with fewer pods", gone(PREPARING), told(replace(DOWN, candidate_ready=False), Command.PAUSE),
         Phase.PREPARING, Reason.PAUSED),
        ("no step holds them back", gone(HOLDING), DOWN, Phase.BAKING, Reason.STABLE_GONE),
        ("nor a share that nobody sees", gone(SHIFTING), DOWN, Phase.BAKING, Reason.STABLE_GONE),
        ("a moment of it changes nothing", HOLDING, DOWN, Phase.HOLDING, "NotLooked"),
        ("nor while it is paused there", gone(HOLDING), told(DOWN, Command.PAUSE), Phase.HOLDING, Reason.PAUSED),
        ("who is ill gets no more, and keeps his share", gone(HOLDING), ILL, Phase.HOLDING, Reason.STABLE_NOT_READY),
        ("so does who is proven bad", gone(HOLDING), replace(DOWN, verdict=Verdict.FAIL, judged=WORSE.judged),
         Phase.HOLDING, Reason.STABLE_NOT_READY),
        ("also of all requests", gone(BAKING), ILL, Phase.BAKING, Reason.STABLE_NOT_READY),
        ("but not for its own bake", replace(gone(BAKING), routed=NOW - 10 * MINUTE), ILL, Phase.BAKING,
         Reason.STABLE_NOT_READY),
        ("a person may keep him", gone(BAKING), told(ILL, Command.PROMOTE), Phase.RETIRING, Reason.PROMOTED),
        ("and give him the rest", gone(HOLDING), told(ILL, Command.PROMOTE), Phase.BAKING, Reason.PROMOTED),
        ("another release goes on from him", gone(BAKING), replace(ILL, wanted="third"), Phase.RETIRING,
         Reason.STABLE_GONE),
        ("whatever his share", gone(SHIFTING), replace(ILL, wanted="third"), Phase.RETIRING, Reason.STABLE_GONE),
        ("once it lasts", HOLDING, replace(ILL, wanted="third"), Phase.HOLDING, Reason.STABLE_NOT_READY),
        ("stable is lost on the way back to it", BACK, LOST, Phase.ROLLING_BACK, Reason.STABLE_NOT_READY),
        ("and another release goes on", BACK, replace(LOST, wanted="third"), Phase.RETIRING, Reason.STABLE_GONE),
        ("or a person keeps him", BACK, told(LOST, Command.PROMOTE), Phase.RETIRING, Reason.PROMOTED),
        ("nor who has no pod either", gone(HOLDING), replace(DOWN, can_answer=False), Phase.HOLDING, "NotLooked"),
        ("nor who is called off", gone(HOLDING), told(DOWN, Command.ABORT), Phase.ROLLING_BACK, Reason.ABORTED),
        ("a wish waits for who can take them", HOLDING, replace(DOWN, wanted="third"), Phase.HOLDING,
         Reason.STABLE_NOT_READY),
        ("also that for stable", SHIFTING, replace(DOWN, wanted="old"), Phase.SHIFTING, Reason.STABLE_NOT_READY),
        ("and pods that come late", replace(HOLDING, unready_since=NOW - 10 * MINUTE),
         replace(DOWN, candidate_ready=False), Phase.HOLDING, Reason.STABLE_NOT_READY),
        ("and in the bake", BAKING, replace(DOWN, wanted="third"), Phase.BAKING, Reason.STABLE_NOT_READY),
        ("until that is over", replace(BAKING, routed=NOW - 10 * MINUTE), replace(DOWN, wanted="third"),
         Phase.RETIRING, Reason.BAKED),
        ("a blink of stable's lets no frozen one begin", IDLE, replace(DOWN, exhausted="Spent."), Phase.FROZEN,
         Reason.BUDGET_SPENT),
        ("an outage spends a budget, and may end all the same", gone(FROZEN), OUTAGE, Phase.PREPARING,
         Reason.CANDIDATE_NOT_READY),
        ("it waits once more to see that it lasts", PREPARING, DOWN_AND_SPENT, Phase.PREPARING,
         Reason.STABLE_NOT_READY),
        ("and ends it", gone(PREPARING), DOWN_AND_SPENT, Phase.BAKING, Reason.STABLE_GONE),
        ("a budget that is spent meanwhile freezes", PREPARING, SPENT, Phase.FROZEN, Reason.BUDGET_SPENT),
        ("not whom a person lets go on", PREPARING, told(SPENT, Command.UNFREEZE), Phase.SHIFTING,
         Reason.CANDIDATE_READY),
        ("nor who served before", replace(PREPARING, served=("new",)), SPENT, Phase.BAKING, Reason.SERVED_BEFORE),
        ("nor who has requests", HOLDING, replace(SHARED, exhausted="Spent."), Phase.HOLDING, "NotLooked"),
    ],
)  # fmt: skip
def test_outages_and_spent_budgets(sentence: str, before: Rollout, seen: Seen, phase: Phase, reason: str) -> None:
    after = next_rollout(before, seen, POLICY, NOW)
    assert (after.phase, after.reason) == (phase, reason)


@pytest.mark.parametrize(("hours", "phase"), [(7, Phase.ROLLING_BACK), (5, Phase.SHIFTING)])
@pytest.mark.parametrize("seen", [UNMOVED, replace(READY, share=Share(0, 10_000))], ids=["unrouted", "astray"])
def test_a_step_that_never_becomes_true_is_bounded_as_one_without_a_verdict(
    hours: int, phase: Phase, seen: Seen
) -> None:
    policy = replace(POLICY, on_undecided=OnUndecided.ROLL_BACK)
    ago = NOW - timedelta(hours=hours)
    after = next_rollout(replace(SHIFTING, since=ago, stepped=ago, undecided_since=ago), seen, policy, NOW)
    assert after.phase is phase


def test_after_an_outage_of_both_who_is_back_a_moment_earlier_proves_nothing() -> None:
    rollout, now = HOLDING, NOW
    for second in range(90):
        seen = replace(DOWN, can_answer=second >= 70) if second < 75 else SHARED
        rollout = next_rollout(rollout, seen, POLICY, now + timedelta(seconds=second))
        assert rollout.phase is Phase.HOLDING
    assert rollout.alone_since is None


def test_who_alone_can_answer_is_waited_for_from_when_he_can() -> None:
    rollout = next_rollout(HOLDING, DOWN, POLICY, NOW)
    assert (rollout.alone_since, gone_at(rollout)) == (NOW, NOW + GONE_AFTER)
    assert next_rollout(rollout, DOWN, POLICY, NOW + GONE_AFTER - timedelta(seconds=1)).phase is Phase.HOLDING
    assert next_rollout(rollout, DOWN, POLICY, NOW + GONE_AFTER).reason == Reason.STABLE_GONE
    assert gone_at(HOLDING) is None


def test_frozen_it_counts_from_when_nobody_answered() -> None:
    rollout = next_rollout(FROZEN, OUTAGE, POLICY, NOW)
    assert (rollout.phase, rollout.alone_since) == (Phase.FROZEN, NOW)
    assert next_rollout(rollout, OUTAGE, POLICY, NOW + GONE_AFTER).phase is Phase.PREPARING
    back = next_rollout(rollout, replace(OUTAGE, stable_down=""), POLICY, NOW + GONE_AFTER)
    assert (back.phase, back.alone_since) == (Phase.FROZEN, None)
