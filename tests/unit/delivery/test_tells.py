"""What Events tell of whole rollouts, as the machine walks through them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.unit.delivery.test_history import BACK, BAD, GOOD, IDLE, NOON, READY, STEPS, THIRD, WAITS, told
from toprope.core.decision import Tell
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.moved import next_rollout
from toprope.delivery.machine.rollout import Command, Phase, Policy, Rollout, Seen, Share, Trouble
from toprope.delivery.tells import tells

SECOND = timedelta(seconds=1)
FROZEN = replace(WAITS, exhausted="It is spent.")
OPEN = replace(READY, verdict=Verdict.UNDECIDED, judged=Trouble("GatheringEvidence", "availability: 1 of 90."))
LOST = replace(GOOD, candidate_ready=False, obstacle="0 of 1 pods ready.")


class Walk:
    """Passes, one a second, and what they tell."""

    def __init__(self) -> None:
        self.policy, self.rollout, self.now = STEPS, IDLE, NOON
        self.told: list[Tell] = []

    def sees(self, seen: Seen, *until: Phase, seconds: int = 1) -> None:
        """Passes until one of these phases, or so many."""
        for second in range(1, 1000):
            before, self.rollout = self.rollout, next_rollout(self.rollout, seen, self.policy, self.now)
            self.told += tells(before, self.rollout, "7")
            self.now += SECOND
            if self.rollout.phase in until or (not until and second >= seconds):
                return
        raise AssertionError(f"it never comes to {until}: {self.rollout}")

    @property
    def words(self) -> list[str]:
        return [f"{one.type[0]} {one.reason}: {one.message}" for one in self.told]


PREPARES = "N CandidatePrepares: Revision new gets ready beside old. No pod is ready."
FIRST = "N CandidateReady: Revision new is ready and is to get 1% of the requests."


def promoted(walk: Walk) -> None:
    walk.sees(WAITS, seconds=20)
    walk.sees(GOOD, Phase.IDLE)


def taken_back(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.told.clear()
    walk.sees(BAD, Phase.FAILED)
    walk.sees(BAD, seconds=60)


def frozen_and_thawed(walk: Walk) -> None:
    walk.sees(FROZEN, seconds=60)
    walk.sees(told(FROZEN, Command.UNFREEZE), Phase.PREPARING)


def frozen_when_it_is_ready(walk: Walk) -> None:
    walk.sees(WAITS)
    walk.told.clear()
    walk.sees(replace(READY, exhausted="It is spent."), seconds=60)


def repairs_an_outage(walk: Walk) -> None:
    walk.sees(replace(READY, stable_down="Stable old cannot answer."), Phase.BAKING)


def spared_while_stable_cannot_answer(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.told.clear()
    walk.sees(replace(THIRD, stable_down="Stable old cannot answer."), seconds=20)


def failed_and_tried_again(walk: Walk) -> None:
    walk.sees(WAITS)
    walk.now += timedelta(hours=1)
    walk.sees(WAITS, seconds=60)
    walk.sees(replace(WAITS, retry="new/1"))


def failed_and_given_up(walk: Walk) -> None:
    walk.sees(replace(WAITS, refused="It drops a column."), Phase.FAILED)
    walk.sees(told(replace(WAITS, refused="It drops a column."), Command.ABORT), seconds=60)


def paused_and_resumed(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.told.clear()
    walk.sees(told(OPEN, Command.PAUSE), seconds=60)
    walk.sees(OPEN, seconds=60)


def held_by_a_budget(walk: Walk) -> None:
    walk.policy = replace(STEPS, most=0, most_message="It costs 30.")
    walk.sees(WAITS)
    walk.told.clear()
    walk.sees(READY, seconds=60)


def undecided(walk: Walk) -> None:
    walk.policy = replace(STEPS, max_undecided=timedelta(seconds=30))
    walk.sees(GOOD, Phase.HOLDING)
    walk.told.clear()
    walk.sees(OPEN, seconds=90)


def superseded_before_its_first_request(walk: Walk) -> None:
    walk.sees(WAITS)
    walk.told.clear()
    walk.sees(THIRD, seconds=60)


def withdrawn_before_its_first_request(walk: Walk) -> None:
    walk.sees(WAITS)
    walk.told.clear()
    walk.sees(BACK, seconds=60)


def withdrawn(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.told.clear()
    walk.sees(BACK, Phase.IDLE)


def without_pods_for_the_next_share(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.told.clear()
    walk.sees(replace(GOOD, room=1_000, pods="1 of 3."), seconds=90)


def given_another_share(walk: Walk) -> None:
    walk.sees(GOOD, Phase.SHIFTING)
    walk.told.clear()
    walk.sees(replace(OPEN, share=Share(400, 500)), seconds=90)


def kept_by_a_stable_without_pods(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.told.clear()
    walk.sees(BAD, Phase.ROLLING_BACK)
    walk.sees(replace(BAD, route_moved=False, no_way_back="Stable old has no pod."), seconds=60)


def without_pods_for_a_while(walk: Walk) -> None:
    walk.sees(GOOD, Phase.HOLDING)
    walk.told.clear()
    walk.sees(LOST, seconds=30)
    walk.sees(OPEN, Phase.HOLDING)


BEGINS, GO_BACK = "Revision new gets ready beside old", "All requests go back from revision new to old"
SHORT = "availability: 1 of 900. Revision new gets 10% of the requests once it has the pods"
DIFFERS = "The route is accepted, but 400 of 900 requests went to revision new, and 1% of all should"
KEEPS = "Revision third is wanted now, but new keeps its requests until another one can take them"
DECIDES, NOON_ = "toprope.dev/promote or toprope.dev/abort", "2026-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (promoted, [
            PREPARES, FIRST,
            "N StepPassed: availability: 1 of 900. Revision new is to get 10% of the requests.",
            "N StepPassed: All requests are to go to revision new.",
            "N Baked: Revision new takes all traffic. Revision old ends its last requests.",
        ]),
        (taken_back, [
            "W WorseThanStable: All requests go back from revision new to old. availability: 27 bad of 1,904.",
        ]),
        (frozen_and_thawed, [
            "W BudgetSpent: Revision new has not begun. It is spent.",
            f"N CandidatePrepares: {BEGINS}; it has waited for an error budget since {NOON_}. No pod is ready.",
        ]),
        (frozen_when_it_is_ready, [
            "W BudgetSpent: Revision new is ready, and gets no requests. It is spent.",
        ]),
        (repairs_an_outage, [
            "N CandidatePrepares: Revision new gets ready beside old. Revision new has yet to start.", FIRST,
            "N StableGone: Stable old cannot answer. All requests are to go to revision new.",
        ]),
        (spared_while_stable_cannot_answer, [
            f"N StableNotReady: {KEEPS}. Stable old cannot answer.",
        ]),
        (failed_and_tried_again, [
            PREPARES, "W NotReadyInTime: Revision new had no requests and gets none. No pod is ready.",
            f"N CandidatePrepares: {BEGINS}; it is tried again. No pod is ready.",
        ]),
        (failed_and_given_up, [
            PREPARES, "W CandidateRefused: Revision new had no requests and gets none. It drops a column.",
            "W Aborted: Revision new had no requests and gets none. toprope.dev/abort names revision new.",
        ]),
        (paused_and_resumed, [
            "N Paused: Stays at 1%: toprope.dev/pause names revision new. Without that annotation it goes on.",
            "N Resumed: Revision new goes on. availability: 1 of 90.",
        ]),
        (held_by_a_budget, [
            "N BudgetBelowOneVerdict: It costs 30. toprope.dev/unfreeze: new lets it go on by its steps all the same.",
        ]),
        (undecided, [
            f"N UndecidedTooLong: Undecided for 30s; {DECIDES}: new decides. availability: 1 of 90.",
        ]),
        (superseded_before_its_first_request, [
            "N CandidatePrepares: Revision third gets ready beside old, in place of new. No pod is ready.",
        ]),
        (withdrawn_before_its_first_request, [
            "N ReleaseWithdrawn: The spec wants revision old again: revision new had no requests.",
        ]),
        (withdrawn, [
            f"W ReleaseWithdrawn: {GO_BACK}. The spec wants the stable revision old again.",
        ]),
        (without_pods_for_the_next_share, [
            f"N CapacityShort: {SHORT}. 1 of 3.",
        ]),
        (given_another_share, [
            f"N ShareDiffers: {DIFFERS}; {DECIDES}: new decides where it stays so.",
        ]),
        (kept_by_a_stable_without_pods, [
            f"W WorseThanStable: {GO_BACK}. availability: 27 bad of 1,904.",
            "W StableNotReady: Stable old has no pod. availability: 27 bad of 1,904.",
        ]),
        (without_pods_for_a_while, []),
    ],
)  # fmt: skip
def test_each_turn_is_told_once(happens: Callable[[Walk], None], words: list[str]) -> None:
    walk = Walk()
    happens(walk)
    assert walk.words == words


def test_a_first_release_is_no_rollout() -> None:
    first = next_rollout(Rollout(), READY, Policy(), NOON)
    assert tells(Rollout(), first, "7") == []


def test_a_repeated_pass_tells_the_same_in_other_words() -> None:
    walk = Walk()
    walk.sees(GOOD, Phase.HOLDING)

    def told_at(now: datetime, bad: str) -> Tell:
        after = next_rollout(walk.rollout, replace(BAD, judged=Trouble("WorseThanStable", bad)), STEPS, now)
        (tell,) = tells(walk.rollout, after, "7")
        return tell

    first, second = told_at(walk.now, "27 bad."), told_at(walk.now + SECOND, "30 bad.")
    assert (first.message != second.message, first.once, first.reason) == (True, "7", second.reason)
    assert first.once == second.once
