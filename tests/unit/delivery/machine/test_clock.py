"""A clock that jumps: what is written in the status may lie ahead of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.moved import next_rollout, rest_ends
from toprope.delivery.machine.rollout import (
    REST,
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
    lasts = replace(first, looked_at=NOW + timedelta(seconds=55))
    assert next_rollout(lasts, PASSED, POLICY, NOW + timedelta(seconds=59)).phase is phase
    assert next_rollout(lasts, PASSED, POLICY, NOW + timedelta(seconds=60)).phase is not phase


def test_nobody_rests_for_as_long_as_the_clock_was_ahead() -> None:
    retiring = Rollout(stable="new", retiring="old", phase=Phase.RETIRING, since=AHEAD, routed=AHEAD)
    assert rest_ends(next_rollout(retiring, Seen("new", False), POLICY, NOW)) == NOW + REST


STEP = timedelta(seconds=5)
HOURS = timedelta(hours=7)
OPEN = replace(PASSED, verdict=Verdict.UNDECIDED)
PAUSED = replace(OPEN, commands=frozenset([Command.PAUSE]))
LOST = replace(OPEN, candidate_ready=False)
BEGUN = replace(HOLDING, since=NOW, stepped=NOW, routed=NOW, undecided_since=NOW, looked_at=NOW)
BAKING = replace(BEGUN, phase=Phase.BAKING, step=2, weight=100_000)


def walked(rollout: Rollout, seen: Seen, policy: Policy, until: timedelta, since: timedelta = timedelta(0)) -> Rollout:
    """Looks every few seconds, as an operator that is there does; until it moves on."""
    while since < until and rollout.phase in (Phase.SHIFTING, Phase.HOLDING, Phase.BAKING):
        since += STEP
        rollout = next_rollout(rollout, seen, policy, NOW + since)
    return rollout


@pytest.mark.parametrize("away", [timedelta(minutes=1), timedelta(hours=1)])
@pytest.mark.parametrize("begun", [BEGUN, BAKING], ids=lambda one: str(one.phase))
def test_neither_hold_nor_bake_goes_on_while_nobody_looks(begun: Rollout, away: timedelta) -> None:
    before = walked(begun, PASSED, POLICY, 2 * STEP)
    back = next_rollout(before, PASSED, POLICY, NOW + 2 * STEP + away)
    assert (back.phase, back.step, back.routed) == (begun.phase, begun.step, NOW + away)
    still = walked(back, PASSED, POLICY, away + 11 * STEP, since=away + 2 * STEP)
    assert still.phase is begun.phase
    assert next_rollout(still, PASSED, POLICY, NOW + away + 12 * STEP).phase is not begun.phase


@pytest.mark.parametrize("then", [OnUndecided.ROLL_BACK, OnUndecided.PROMOTE, OnUndecided.HOLD])
@pytest.mark.parametrize(("seen", "every"), [(PAUSED, STEP), (OPEN, HOURS)], ids=["paused", "nobody looked"])
def test_a_gate_that_was_kept_from_deciding_has_not_been_undecided(
    then: OnUndecided, seen: Seen, every: timedelta
) -> None:
    policy = replace(POLICY, on_undecided=then, max_undecided=timedelta(hours=6))
    kept = BEGUN
    for number in range(1, int(HOURS / every) + 1):
        kept = next_rollout(kept, seen, policy, NOW + number * every)
    after = next_rollout(kept, OPEN, policy, NOW + HOURS + timedelta(seconds=1))
    assert (after.phase, after.reason, after.stepped) == (Phase.HOLDING, "EnoughSeen", NOW)


def test_undecided_is_who_was_looked_at_all_the_time() -> None:
    policy = replace(POLICY, on_undecided=OnUndecided.ROLL_BACK, max_undecided=timedelta(minutes=2))
    assert walked(BEGUN, OPEN, policy, timedelta(minutes=1.9)).phase is Phase.HOLDING
    assert walked(BEGUN, OPEN, policy, timedelta(minutes=2)).reason == "UndecidedTooLong"


def test_pods_are_not_lacked_while_nobody_looks() -> None:
    lost = next_rollout(BEGUN, LOST, POLICY, NOW + STEP)
    back = next_rollout(lost, LOST, POLICY, NOW + HOURS)
    assert (back.phase, back.unready_since) == (Phase.SHIFTING, NOW + HOURS)


def test_a_look_is_noted_every_few_seconds_and_only_while_there_are_requests() -> None:
    looks = [next_rollout(BEGUN, OPEN, POLICY, NOW + timedelta(seconds=one)).looked_at for one in (1, 9, 10)]
    assert looks == [NOW, NOW, NOW + timedelta(seconds=10)]
    noted = next_rollout(BEGUN, replace(OPEN, is_noted=True), POLICY, NOW + timedelta(seconds=1))
    assert noted.looked_at == NOW + timedelta(seconds=1)
    failed = next_rollout(BEGUN, replace(OPEN, verdict=Verdict.FAIL), POLICY, NOW)
    assert (failed.phase, failed.looked_at, failed.undecided_since) == (Phase.ROLLING_BACK, None, None)


def test_looks_at_an_old_phase_are_noted_ever_less_often() -> None:
    rollout, notes = BEGUN, set()
    for number in range(timedelta(hours=3) // STEP):
        rollout = next_rollout(rollout, OPEN, POLICY, NOW + number * STEP)
        notes.add(rollout.looked_at)
    assert rollout.since == NOW
    assert len(notes) < 100


@pytest.mark.parametrize(("away", "moves"), [(timedelta(minutes=5), False), (timedelta(minutes=6), True)])
def test_who_looks_late_at_an_old_phase_was_away_for_more_than_its_notes_are_apart(
    away: timedelta, moves: bool
) -> None:
    old = replace(BEGUN, looked_at=NOW + HOURS)
    assert (next_rollout(old, OPEN, POLICY, NOW + HOURS + away).since == NOW + away) is moves


def test_times_of_an_earlier_operator_count_as_they_are() -> None:
    policy = replace(POLICY, on_undecided=OnUndecided.ROLL_BACK)
    told = replace(BEGUN, undecided_since=None, looked_at=None)
    after = next_rollout(told, OPEN, policy, NOW + HOURS)
    assert after.reason == "UndecidedTooLong"
