"""Outages of stable's, budgets that are spent meanwhile, and steps that never become true."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.delivery.machine.test_canary import (
    BAKING,
    FAULTY,
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
from toprope.delivery.machine.moved import next_rollout
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import Command, OnUndecided, Phase, Rollout, Seen, Share

BARE = replace(SHARED, bare="Stable old cannot answer. 0 of 3 web pods ready.")
ALONE = replace(BARE, is_bare_long=True)
SPENT = replace(READY, exhausted="The budget is spent.")


@pytest.mark.parametrize(
    ("sentence", "before", "seen", "phase", "reason"),
    [
        ("who alone can answer gets all requests", PREPARING, ALONE, Phase.BAKING, Reason.STABLE_GONE),
        ("not before he is ready", PREPARING, replace(ALONE, candidate_ready=False), Phase.PREPARING,
         Reason.CANDIDATE_NOT_READY),
        ("nor while it is paused", PREPARING, told(ALONE, Command.PAUSE), Phase.PREPARING, Reason.PAUSED),
        ("no step holds them back", HOLDING, ALONE, Phase.BAKING, Reason.STABLE_GONE),
        ("nor a share that nobody sees", SHIFTING, ALONE, Phase.BAKING, Reason.STABLE_GONE),
        ("a moment of it changes nothing", HOLDING, BARE, Phase.HOLDING, "NotLooked"),
        ("who is ill gets none", HOLDING, replace(ALONE, fault=FAULTY.fault), Phase.ROLLING_BACK, "CandidateCrashes"),
        ("nor who is proven bad", HOLDING, replace(ALONE, verdict=Verdict.FAIL, judged=WORSE.judged),
         Phase.ROLLING_BACK, "WorseThanStable"),
        ("nor who has no pod either", HOLDING, replace(ALONE, can_answer=False), Phase.HOLDING, "NotLooked"),
        ("nor who is called off", HOLDING, told(ALONE, Command.ABORT), Phase.ROLLING_BACK, Reason.ABORTED),
        ("a wish waits for who can take them", HOLDING, replace(BARE, wanted="third"), Phase.HOLDING,
         Reason.STABLE_NOT_READY),
        ("also that for stable", SHIFTING, replace(BARE, wanted="old"), Phase.SHIFTING, Reason.STABLE_NOT_READY),
        ("and in the bake", BAKING, replace(BARE, wanted="third"), Phase.BAKING, Reason.STABLE_NOT_READY),
        ("until that is over", replace(BAKING, routed=NOW - 10 * MINUTE), replace(BARE, wanted="third"),
         Phase.RETIRING, Reason.BAKED),
        ("an outage spends a budget, and may end all the same", IDLE, replace(ALONE, exhausted="Spent."),
         Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
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
