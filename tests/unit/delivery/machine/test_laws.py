"""What holds in every walk through the machine, whatever is seen, wanted and told, and whenever it looks."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.moved import next_rollout
from toprope.delivery.machine.rollout import WHOLE, Command, Phase, Policy, Rollout, Seen, Share, Step, Trouble
from toprope.delivery.machine.weights import parts_of, percent

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICIES = [
    Policy(),
    Policy((Step(1000), Step(10_000)), is_judged=True, bake=MINUTE),
    Policy((Step(1000), Step(10_000)), is_judged=True, bake=MINUTE, most=5000),
    Policy((Step(50_000),), bake=MINUTE),
    Policy((), is_judged=True, bake=MINUTE),
    Policy(is_judged=True, bake=MINUTE, probes=200),
    Policy((Step(25_000), Step(50_000)), is_judged=True, bake=MINUTE, most=45_000, grid=(25_000, 40_000, 50_000)),
]
SHARED = (Phase.SHIFTING, Phase.HOLDING, Phase.BAKING)


def anything(chance: random.Random, rollout: Rollout) -> Seen:
    """What one look may show; mostly things go well, or no walk would come far."""
    well = chance.random() < 0.9
    share = Share(rollout.weight, WHOLE - rollout.weight)
    return Seen(
        wanted=chance.choice(["a", "b", "c"]) if chance.random() < 0.1 else rollout.candidate or "b",
        candidate_ready=well,
        room=WHOLE if chance.random() < 0.8 else chance.choice([0, 5000, 45_000]),
        obstacle="x",
        route_moved=chance.random() < 0.9,
        exhausted="spent" if chance.random() < 0.05 else "",
        commands=frozenset([chance.choice(list(Command))]) if chance.random() < 0.1 else frozenset(),
        share=share if chance.random() < 0.9 else Share(),
        verdict=chance.choices(list(Verdict), [5, 1, 3])[0],
        probed=chance.choices(list(Verdict), [5, 1, 3])[0],
        fault=Trouble("CandidateCrashes", "x") if chance.random() < 0.03 else None,
    )


def check(before: Rollout, seen: Seen, policy: Policy, after: Rollout) -> None:
    moved = after.stable != before.stable
    rises = after.weight > before.weight
    is_alone = bool(seen.stable_down or seen.no_way_back) and seen.can_answer
    allowed = seen.verdict is Verdict.PASS or not policy.is_judged or Command.PROMOTE in seen.commands
    begins = before.phase is Phase.PREPARING
    is_known = Command.PROMOTE in seen.commands or seen.wanted in before.served
    probed = seen.probed is Verdict.PASS or not policy.probes or is_known
    assert not (rises and begins) or probed, "who was not probed has requests"
    assert not rises or allowed or begins, "a weight rises without its verdict"
    assert not rises or after.step == before.step + 1, "a step is skipped or repeated"
    assert after.weight in (0, WHOLE, *(policy.grid or [after.weight])), "a weight that cannot be had"
    assert after.phase in SHARED or after.weight == 0, "nobody judges who has requests"
    assert not moved or after.stable == before.candidate, "stable is somebody who never was the candidate"
    assert not rises or begins or after.weight <= seen.room, "a weight rises above what there are pods for"
    assert not moved or seen.candidate_ready or is_alone, "stable is somebody without pods"
    assert not (moved and Command.ABORT in seen.commands), "a promotion beats an abort"
    assert before.phase not in SHARED or after.candidate == before.candidate or moved, "a candidate with requests goes"
    unrested = before.retiring is not None and not seen.route_moved
    assert not unrested or before.retiring in (after.retiring, after.candidate), "who has requests is let go"


@pytest.mark.parametrize("seed", range(40))
def test_every_walk_keeps_the_laws(seed: int) -> None:
    chance = random.Random(seed)
    policy, now = POLICIES[seed % len(POLICIES)], NOW
    rollout = Rollout()
    for _ in range(400):
        seen = anything(chance, rollout)
        after = next_rollout(rollout, seen, policy, now)
        if rollout.stable:
            check(rollout, seen, policy, after)
        assert next_rollout(rollout, seen, policy, now) == after
        rollout, now = after, now + chance.choice([timedelta(seconds=1), MINUTE / 3, timedelta(minutes=11)])


def test_walks_reach_every_phase() -> None:
    chance, reached = random.Random(1), set()
    for policy in POLICIES:
        rollout, now = Rollout(), NOW
        for _ in range(2000):
            rollout = next_rollout(rollout, anything(chance, rollout), policy, now)
            reached.add(rollout.phase)
            now += MINUTE / 3
    assert reached == set(Phase)


@pytest.mark.parametrize(
    ("parts", "text"), [(0, "0%"), (1, "0.001%"), (1000, "1%"), (12_500, "12.5%"), (WHOLE, "100%")]
)
def test_weights_are_written_as_people_do(parts: int, text: str) -> None:
    assert percent(parts) == text
    assert parts_of(text) == parts
