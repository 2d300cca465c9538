"""A release that gets its requests by steps: each sentence is a state, what was seen, and what comes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.moved import late_at, lives, moves, next_rollout
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import (
    REST,
    WHOLE,
    Command,
    OnUndecided,
    Phase,
    Policy,
    Rollout,
    Seen,
    Share,
    Step,
    Trouble,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)
MINUTE = timedelta(minutes=1)
POLICY = Policy((Step(1000), Step(10_000, 2 * MINUTE), Step(50_000)), is_judged=True, bake=10 * MINUTE)
UNJUDGED = replace(POLICY, is_judged=False)
COARSE = replace(
    POLICY, steps=(Step(25_000), Step(50_000)), grid=(25_000, 40_000, 50_000), grain="One pod is 25%.", most=20_000,
    most_message="The budget pays for 20%.",
)  # fmt: skip
UNBAKED = replace(POLICY, bake=timedelta(0))

IDLE = Rollout(stable="old", phase=Phase.IDLE, since=LONG_AGO, message="m")
PREPARING = replace(IDLE, candidate="new", phase=Phase.PREPARING, since=NOW)
SHIFTING = replace(PREPARING, phase=Phase.SHIFTING, step=1, weight=1000, stepped=NOW)
HOLDING = replace(SHIFTING, phase=Phase.HOLDING, since=NOW - MINUTE, stepped=NOW - MINUTE, routed=NOW - MINUTE)
LAST = replace(HOLDING, step=3, weight=50_000)
BAKING = replace(HOLDING, phase=Phase.BAKING, step=4, weight=WHOLE)
BACK = replace(HOLDING, phase=Phase.ROLLING_BACK, weight=0, reason=Reason.ABORTED, routed=None)
FAILED = replace(BACK, phase=Phase.FAILED, routed=None)
FROZEN = replace(PREPARING, phase=Phase.FROZEN)
RETIRING = replace(IDLE, stable="new", retiring="old", phase=Phase.RETIRING, routed=NOW)

WAITS = Seen("new", candidate_ready=False, obstacle="0 of 3 pods are ready.", route_moved=True)
READY = replace(WAITS, candidate_ready=True)
SHARED = replace(READY, share=Share(103, 9897))
WHOLLY = replace(SHARED, share=Share(10_000, 0))
PASSED = replace(SHARED, verdict=Verdict.PASS, judged=Trouble("EnoughSeen", "0 bad of 4,000."))
WORSE = replace(SHARED, verdict=Verdict.FAIL, judged=Trouble("WorseThanStable", "27 bad of 1,904."))
FAULTY = replace(SHARED, fault=Trouble("CandidateCrashes", "Pod a restarted twice."))
UNMOVED = replace(SHARED, route_moved=False)
BACK_AGAIN = replace(SHARED, wanted="old")
THIRD = replace(SHARED, wanted="third")


def spent(seen: Seen) -> Seen:
    return replace(seen, exhausted="The budget of availability is spent.")


def told(seen: Seen, *commands: Command) -> Seen:
    return replace(seen, commands=frozenset(commands))


@pytest.mark.parametrize(
    ("sentence", "before", "seen", "phase", "reason"),
    [
        ("a new release waits on a spent budget", IDLE, spent(WAITS), Phase.FROZEN, Reason.BUDGET_SPENT),
        ("it goes on waiting", FROZEN, spent(WAITS), Phase.FROZEN, Reason.BUDGET_SPENT),
        ("until there is some budget", FROZEN, WAITS, Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("or a person says so", FROZEN, told(spent(WAITS), Command.UNFREEZE), Phase.PREPARING,
         Reason.CANDIDATE_NOT_READY),
        ("another one waits in its place", FROZEN, spent(THIRD), Phase.FROZEN, Reason.BUDGET_SPENT),
        ("nobody waits to go back to stable", FROZEN, spent(BACK_AGAIN), Phase.IDLE, Reason.RELEASED),
        ("who served before passes a freeze", replace(IDLE, served=("new",)), spent(WAITS),
         Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("a frozen one can be given up", FROZEN, told(spent(WAITS), Command.ABORT), Phase.FAILED,
         Reason.ABORTED),
        ("a candidate that can never serve fails", PREPARING, replace(WAITS, refused="it drops a column"),
         Phase.FAILED, Reason.REFUSED),
        ("one that is given up before it got requests has none to give back", PREPARING, told(READY, Command.ABORT),
         Phase.FAILED, Reason.ABORTED),
        ("a ready one gets the first weight", PREPARING, READY, Phase.SHIFTING, Reason.CANDIDATE_READY),
        ("but waits where it is paused", PREPARING, told(READY, Command.PAUSE), Phase.PREPARING, Reason.PAUSED),
        ("a promoted one gets everything", PREPARING, told(READY, Command.PROMOTE), Phase.BAKING, Reason.PROMOTED),
        ("a pause holds no promotion", PREPARING, told(READY, Command.PROMOTE, Command.PAUSE), Phase.BAKING,
         Reason.PROMOTED),
        ("at no weight", HOLDING, told(SHARED, Command.PROMOTE, Command.PAUSE), Phase.BAKING, Reason.PROMOTED),
        ("nor in the bake", BAKING, told(SHARED, Command.PROMOTE, Command.PAUSE), Phase.RETIRING, Reason.PROMOTED),
        ("who served before skips the steps", replace(PREPARING, served=("new",)), READY, Phase.BAKING,
         Reason.SERVED_BEFORE),
        ("a weight is not true before the route is", SHIFTING, UNMOVED, Phase.SHIFTING, Reason.ROUTE_NOT_MOVED),
        ("nor without the pods for it", SHIFTING, WAITS, Phase.SHIFTING, Reason.CAPACITY_LOST),
        ("nor before requests come by it", SHIFTING, READY, Phase.SHIFTING, Reason.SHARE_NOT_SEEN),
        ("nor while the share is another", SHIFTING, replace(READY, share=Share(0, 9000)), Phase.SHIFTING,
         Reason.SHARE_NOT_SEEN),
        ("it is true when the share is seen", SHIFTING, SHARED, Phase.HOLDING, Reason.STEP_TRUE),
        ("or cannot be seen for a whole hold", replace(SHIFTING, stepped=NOW - MINUTE), READY, Phase.HOLDING,
         Reason.SHARE_UNMEASURED),
        ("but not when many requests say otherwise", replace(SHIFTING, stepped=NOW - MINUTE),
         replace(READY, share=Share(400_000, 600_000)), Phase.SHIFTING, Reason.SHARE_DIFFERS),
        ("nor when none of them comes", replace(SHIFTING, stepped=NOW - MINUTE), replace(READY, share=Share(0, 9000)),
         Phase.SHIFTING, Reason.SHARE_DIFFERS),
        ("unless they need not come so", replace(SHIFTING, stepped=NOW - MINUTE),
         replace(READY, share=Share(400_000, 600_000), blur="Pods share connections."), Phase.HOLDING,
         Reason.SHARE_UNMEASURED),
        ("a step is judged", HOLDING, SHARED, Phase.HOLDING, "NotLooked"),
        ("a passed one is held to its end", replace(HOLDING, since=NOW), PASSED, Phase.HOLDING, Reason.HOLD_NOT_OVER),
        ("and then gives way to the next", HOLDING, PASSED, Phase.SHIFTING, Reason.STEP_PASSED),
        ("not while it is paused", HOLDING, told(PASSED, Command.PAUSE), Phase.HOLDING, Reason.PAUSED),
        ("the last one to the bake", LAST, PASSED, Phase.BAKING, Reason.STEP_PASSED),
        ("a step can lose its route", HOLDING, UNMOVED, Phase.SHIFTING, Reason.ROUTE_NOT_MOVED),
        ("and its pods", HOLDING, WAITS, Phase.SHIFTING, Reason.CAPACITY_LOST),
        ("undecided for too long, it waits for a person", replace(HOLDING, stepped=NOW - timedelta(hours=6)), SHARED,
         Phase.HOLDING, Reason.UNDECIDED_TOO_LONG),
        ("a next weight waits for the pods that it needs", HOLDING, replace(PASSED, room=9999), Phase.HOLDING,
         Reason.CAPACITY_SHORT),
        ("no longer than that", HOLDING, replace(PASSED, room=10_000), Phase.SHIFTING, Reason.STEP_PASSED),
        ("so do all requests", LAST, replace(PASSED, room=99_999), Phase.HOLDING, Reason.CAPACITY_SHORT),
        ("also where a person sends them", HOLDING, told(replace(SHARED, room=50_000), Command.PROMOTE), Phase.HOLDING,
         Reason.CAPACITY_SHORT),
        ("and to whom has no pods", SHIFTING, told(WAITS, Command.PROMOTE), Phase.SHIFTING, Reason.CAPACITY_SHORT),
        ("a person may promote it", HOLDING, told(SHARED, Command.PROMOTE), Phase.BAKING, Reason.PROMOTED),
        ("even before its weight is true", SHIFTING, told(UNMOVED, Command.PROMOTE), Phase.BAKING, Reason.PROMOTED),
        ("a bake waits for its route", BAKING, UNMOVED, Phase.BAKING, Reason.ROUTE_NOT_MOVED),
        ("and for pods that it lost, however long all went well", replace(BAKING, routed=NOW - 10 * MINUTE), WAITS,
         Phase.BAKING, Reason.CAPACITY_LOST),
        ("also where a person would end it", BAKING, told(WAITS, Command.PROMOTE), Phase.BAKING, Reason.CAPACITY_LOST),
        ("and lasts", BAKING, SHARED, Phase.BAKING, Reason.BAKING),
        ("and ends", replace(BAKING, routed=NOW - 10 * MINUTE), WHOLLY, Phase.RETIRING, Reason.BAKED),
        ("also where nobody came", replace(BAKING, routed=NOW - 10 * MINUTE), READY, Phase.RETIRING, Reason.BAKED),
        ("but not where the requests went elsewhere", replace(BAKING, routed=NOW - 10 * MINUTE), SHARED, Phase.BAKING,
         Reason.SHARE_DIFFERS),
        ("as far as they are counted", replace(BAKING, routed=NOW - 10 * MINUTE), replace(SHARED, blur="Pods count."),
         Phase.RETIRING, Reason.BAKED),
        ("but not while it is paused", replace(BAKING, routed=NOW - 10 * MINUTE), told(SHARED, Command.PAUSE),
         Phase.BAKING, Reason.PAUSED),
        ("a person may end it", BAKING, told(SHARED, Command.PROMOTE), Phase.RETIRING, Reason.PROMOTED),
        ("a roll-back waits for the route", replace(BACK, since=NOW), UNMOVED, Phase.ROLLING_BACK, Reason.ABORTED),
        ("and says so before long", BACK, UNMOVED, Phase.ROLLING_BACK, Reason.ROUTE_NOT_MOVED),
        ("and that nobody is there to go back to", BACK, replace(UNMOVED, no_way_back="Stable has no pod."),
         Phase.ROLLING_BACK, Reason.STABLE_NOT_READY),
        ("and for the last requests", replace(BACK, routed=NOW), SHARED, Phase.ROLLING_BACK, Reason.ABORTED),
        ("and ends as failed", replace(BACK, routed=NOW - REST), SHARED, Phase.FAILED, Reason.ABORTED),
        ("or idle, where the spec wants stable", replace(BACK, routed=NOW - REST), BACK_AGAIN, Phase.IDLE,
         Reason.RELEASED),
        ("or with another release", replace(BACK, routed=NOW - REST), THIRD, Phase.PREPARING,
         Reason.CANDIDATE_NOT_READY),
        ("that may have to wait", replace(BACK, routed=NOW - REST), spent(THIRD), Phase.FROZEN,
         Reason.BUDGET_SPENT),
        ("one that was only withdrawn may come again", replace(BACK, routed=NOW - REST, reason=Reason.WITHDRAWN),
         SHARED, Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("a failed one stays so", FAILED, SHARED, Phase.FAILED, Reason.ABORTED),
        ("until somebody tries it again", FAILED, replace(SHARED, retry="new"), Phase.PREPARING,
         Reason.CANDIDATE_NOT_READY),
        ("each order is followed once", replace(FAILED, retried="new"), replace(SHARED, retry="new"), Phase.FAILED,
         Reason.ABORTED),
        ("or the spec wants stable", FAILED, BACK_AGAIN, Phase.IDLE, Reason.RELEASED),
        ("or another one", FAILED, THIRD, Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("what a newer operator left is begun anew", replace(PREPARING, phase=Phase.IDLE), WAITS, Phase.PREPARING,
         Reason.CANDIDATE_NOT_READY),
        ("and let go", replace(RETIRING, phase=Phase.IDLE), WAITS, Phase.RETIRING, Reason.RELEASED),
    ],
)  # fmt: skip
def test_by_steps(sentence: str, before: Rollout, seen: Seen, phase: Phase, reason: str) -> None:
    after = next_rollout(before, seen, POLICY, NOW)
    assert (after.phase, after.reason) == (phase, reason)
    assert after.message


@pytest.mark.parametrize("before", [SHIFTING, HOLDING, LAST, BAKING], ids=lambda one: f"{one.phase}{one.weight}")
@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (told(SHARED, Command.ABORT), Reason.ABORTED),
        (told(PASSED, Command.ABORT, Command.PROMOTE, Command.PAUSE), Reason.ABORTED),
        (BACK_AGAIN, Reason.WITHDRAWN),
        (THIRD, Reason.SUPERSEDED),
        (FAULTY, "CandidateCrashes"),
        (WORSE, "WorseThanStable"),
        (told(WORSE, Command.PROMOTE), "WorseThanStable"),
        (replace(WORSE, route_moved=False, candidate_ready=False), "WorseThanStable"),
    ],
)
def test_from_anywhere_all_requests_go_back_at_once(before: Rollout, seen: Seen, reason: str) -> None:
    after = next_rollout(before, seen, POLICY, NOW)
    assert (after.phase, after.weight, after.reason, after.candidate) == (Phase.ROLLING_BACK, 0, reason, "new")
    assert after.stable == "old"


@pytest.mark.parametrize(
    ("before", "policy", "weight", "step"),
    [
        (PREPARING, POLICY, 1000, 1),
        (PREPARING, replace(POLICY, most=500), 500, 1),
        (HOLDING, POLICY, 10_000, 2),
        (HOLDING, replace(POLICY, most=4000), 4000, 2),
        (replace(HOLDING, weight=4000, step=2), POLICY, 10_000, 3),
        (LAST, POLICY, WHOLE, 4),
        (PREPARING, replace(COARSE, most=30_000), 25_000, 1),
        (replace(HOLDING, weight=25_000), replace(COARSE, most=45_000), 40_000, 2),
        (replace(LAST, step=2), replace(COARSE, most=WHOLE), WHOLE, 3),
    ],
)
def test_the_next_weight_is_the_plans_or_what_the_budget_pays_for(
    before: Rollout, policy: Policy, weight: int, step: int
) -> None:
    after = next_rollout(before, PASSED, policy, NOW)
    assert (after.weight, after.step, after.stepped, after.routed) == (weight, step, NOW, None)


@pytest.mark.parametrize(
    ("sentence", "before", "policy", "seen", "phase", "reason"),
    [
        ("without a budget for one verdict nothing moves", PREPARING, replace(POLICY, most=0, most_message="None."),
         READY, Phase.PREPARING, Reason.BUDGET_BELOW_ONE_VERDICT),
        ("unless a person says so", PREPARING, replace(POLICY, most=0), told(READY, Command.PROMOTE), Phase.BAKING,
         Reason.PROMOTED),
        ("without one for more it stays", HOLDING, replace(POLICY, most=1000, most_message="No more."), PASSED,
         Phase.HOLDING, Reason.BUDGET_BELOW_STEP),
        ("a share that is too coarse for the budget is not given", PREPARING, COARSE, READY, Phase.PREPARING,
         Reason.TOO_COARSE),
        ("unless a person says so, either", PREPARING, COARSE, told(READY, Command.PROMOTE), Phase.BAKING,
         Reason.PROMOTED),
        ("nor is the next one", replace(HOLDING, weight=25_000), replace(COARSE, most=30_000), PASSED, Phase.HOLDING,
         Reason.TOO_COARSE),
        ("without steps all goes at once, with a bake", PREPARING, replace(POLICY, steps=()), READY, Phase.BAKING,
         Reason.CANDIDATE_READY),
        ("without a bake the last step is the end", LAST, UNBAKED, PASSED, Phase.RETIRING, Reason.STEP_PASSED),
        ("and so is a promotion by hand", HOLDING, UNBAKED, told(SHARED, Command.PROMOTE), Phase.RETIRING,
         Reason.PROMOTED),
        ("without SLOs time decides", HOLDING, UNJUDGED, SHARED, Phase.SHIFTING, Reason.STEP_PASSED),
        ("and no verdict", HOLDING, UNJUDGED, WORSE, Phase.SHIFTING, Reason.STEP_PASSED),
        ("but faults", HOLDING, UNJUDGED, FAULTY, Phase.ROLLING_BACK, "CandidateCrashes"),
        ("an endless step is taken back where the spec says so", HOLDING,
         replace(POLICY, max_undecided=MINUTE, on_undecided=OnUndecided.ROLL_BACK), SHARED, Phase.ROLLING_BACK,
         Reason.UNDECIDED_TOO_LONG),
        ("or promoted", HOLDING, replace(POLICY, max_undecided=MINUTE, on_undecided=OnUndecided.PROMOTE), SHARED,
         Phase.SHIFTING, Reason.UNDECIDED_PROMOTED),
        ("steps that were taken out of the spec are over", replace(HOLDING, weight=20_000),
         replace(POLICY, steps=(Step(1000),)), PASSED, Phase.BAKING, Reason.STEP_PASSED),
    ],
)  # fmt: skip
def test_other_policies(sentence: str, before: Rollout, policy: Policy, seen: Seen, phase: Phase, reason: str) -> None:
    after = next_rollout(before, seen, policy, NOW)
    assert (after.phase, after.reason) == (phase, reason)


PROBED = replace(POLICY, steps=(), probes=200)
PROBES_PASS = replace(READY, probed=Verdict.PASS, probes=Trouble("ProbesPassed", "0 bad of 200."))
PROBES_FAIL = replace(READY, probed=Verdict.FAIL, probes=Trouble("ProbesFailed", "31 bad of 200."))


@pytest.mark.parametrize(
    ("sentence", "before", "seen", "phase", "reason"),
    [
        ("one that is not ready is not probed", PREPARING, WAITS, Phase.PREPARING, Reason.CANDIDATE_NOT_READY),
        ("a ready one is", PREPARING, READY, Phase.PREPARING, Reason.PROBING),
        ("but who served before needs no probes", replace(PREPARING, served=("new",)), READY, Phase.BAKING,
         Reason.SERVED_BEFORE),
        ("nor whom a person promotes", PREPARING, told(READY, Command.PROMOTE), Phase.BAKING, Reason.PROMOTED),
        ("nobody while it is paused", PREPARING, told(PROBES_PASS, Command.PAUSE), Phase.PREPARING, Reason.PAUSED),
        ("a good one gets all requests", PREPARING, PROBES_PASS, Phase.BAKING, "ProbesPassed"),
        ("not while the earlier one ends", replace(PREPARING, retiring="x"), PROBES_PASS, Phase.PREPARING,
         Reason.EARLIER_ENDS),
        ("a bad one fails and never had any", PREPARING, PROBES_FAIL, Phase.FAILED, "ProbesFailed"),
        ("it may be tried again", replace(FAILED, reason="ProbesFailed"), replace(READY, retry="new"), Phase.PREPARING,
         Reason.CANDIDATE_NOT_READY),
        ("the bake holds it", BAKING, WORSE, Phase.ROLLING_BACK, "WorseThanStable"),
    ],
)  # fmt: skip
def test_probes_before_one_switch(sentence: str, before: Rollout, seen: Seen, phase: Phase, reason: str) -> None:
    after = next_rollout(before, seen, PROBED, NOW)
    assert (after.phase, after.reason) == (phase, reason)


def test_what_the_probes_came_to_is_said_with_the_switch_and_with_the_failure() -> None:
    passed = next_rollout(PREPARING, PROBES_PASS, PROBED, NOW)
    assert (passed.weight, passed.message) == (WHOLE, "0 bad of 200. All requests are to go to revision new.")
    failed = next_rollout(PREPARING, PROBES_FAIL, PROBED, NOW)
    assert (failed.weight, failed.message, lives(failed)) == (0, "31 bad of 200.", None)
    unbaked = next_rollout(PREPARING, PROBES_PASS, replace(PROBED, bake=timedelta(0)), NOW)
    assert (unbaked.phase, unbaked.stable) == (Phase.RETIRING, "new")


def test_a_promoted_candidate_is_stable_and_the_earlier_one_has_its_rest() -> None:
    baked = next_rollout(replace(BAKING, routed=NOW - 10 * MINUTE), WHOLLY, POLICY, NOW)
    assert (baked.stable, baked.candidate, baked.retiring, baked.served) == ("new", None, "old", ("old",))
    assert (baked.weight, baked.step, baked.routed) == (0, 0, NOW - 10 * MINUTE)
    by_hand = next_rollout(HOLDING, told(SHARED, Command.PROMOTE), UNBAKED, NOW)
    assert by_hand.routed is None
    assert next_rollout(baked, READY, POLICY, NOW).phase is Phase.IDLE


@pytest.mark.parametrize(
    ("share", "weight", "seen"),
    [
        (Share(), 1000, False),
        (Share(0, 50), 1000, False),
        (Share(1, 99), 1000, True),
        (Share(100, 9900), 1000, True),
        (Share(140, 9860), 1000, False),
        (Share(60, 9940), 1000, False),
        (Share(5000, 0), WHOLE, True),
        (Share(4999, 1), WHOLE, False),
    ],
)
def test_a_share_is_seen_where_chance_would_have_it(share: Share, weight: int, seen: bool) -> None:
    assert share.believable(weight) is seen


def test_only_who_lacks_pods_can_be_late() -> None:
    lacking = replace(PREPARING, unready_since=NOW)
    assert (late_at(lacking, POLICY), late_at(PREPARING, POLICY)) == (NOW + 10 * MINUTE, None)


def test_a_candidate_has_pods_until_it_has_failed() -> None:
    late = replace(FAILED, reason=Reason.NOT_READY_IN_TIME)
    assert [lives(one) for one in (PREPARING, BAKING, BACK, late, FAILED, FROZEN, IDLE)] == [*["new"] * 4, *[None] * 3]
    assert [one.phase for one in (IDLE, FROZEN, PREPARING, BAKING, RETIRING, BACK, FAILED) if not moves(one)] == [
        Phase.IDLE,
        Phase.FROZEN,
        Phase.FAILED,
    ]
