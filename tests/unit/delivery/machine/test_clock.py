"""A clock that jumps: what is written in the status may lie ahead of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.moved import next_rollout, rest_ends
from toprope.delivery.machine.rollout import REST, Phase, Policy, Rollout, Seen, Share, Step, Trouble

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
AHEAD = NOW + timedelta(hours=1)
POLICY = Policy((Step(50_000),), is_judged=True, bake=timedelta(minutes=1))
HOLDING = Rollout(
    stable="old", candidate="new", phase=Phase.HOLDING, since=AHEAD, step=1, weight=50_000, stepped=AHEAD, routed=AHEAD
)
PASSED = Seen("new", True, share=Share(500, 500), verdict=Verdict.PASS, judged=Trouble("EnoughSeen", "0 of 4,000"))


@pytest.mark.parametrize("phase", [Phase.HOLDING, Phase.BAKING])
def test_what_lies_ahead_of_a_clock_that_was_put_back_began_now(phase: Phase) -> None:
    before = replace(HOLDING, phase=phase)
    first = next_rollout(before, PASSED, POLICY, NOW)
    assert (first.phase, first.since, first.routed) == (phase, NOW, NOW)
    assert next_rollout(first, PASSED, POLICY, NOW + timedelta(seconds=59)).phase is phase
    assert next_rollout(first, PASSED, POLICY, NOW + timedelta(seconds=60)).phase is not phase


def test_nobody_rests_for_as_long_as_the_clock_was_ahead() -> None:
    retiring = Rollout(stable="new", retiring="old", phase=Phase.RETIRING, since=AHEAD, routed=AHEAD)
    assert rest_ends(next_rollout(retiring, Seen("new", False), POLICY, NOW)) == NOW + REST
