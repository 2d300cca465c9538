"""What fails a candidate without statistics, in looks a second apart."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from toprope.delivery.facts import Answer, Moment, Sighting, Work, fault
from toprope.delivery.pods import Pod
from toprope.delivery.trial import FaultReason

POD = Pod("c", "web-c", "10.0.0.1", "n", is_leaving=False, is_ready=True, restarts=0)
WELL = Sighting(POD, Answer.PAGE, Work(boot=1, started=10, finished=10, oldest_unfinished=0), was_ready=True)
STABLE = replace(WELL, pod=replace(POD, uid="s", name="web-s"))
SILENT = replace(WELL, answer=Answer.NONE, work=None)
At = Callable[[int], Sighting]


def moments(
    candidate: At = lambda at: WELL,
    stable: At = lambda at: STABLE,
    seconds: int = 12,
    listed: Callable[[int], float] = float,
) -> Sequence[Moment]:
    """Looks at one pod of each side; a list of pods is as old as `listed` says."""
    return [Moment(at, listed(at), {"c": candidate(at)}, {"s": stable(at)}) for at in range(seconds + 1)]


def with_pod(one: Sighting, **changed: Any) -> Sighting:
    return replace(one, pod=replace(one.pod, **changed))


def working(**work: Any) -> Sighting:
    return replace(WELL, work=Work(**{"boot": 1, "started": 10, "finished": 10, "oldest_unfinished": 0, **work}))


def from_(second: int, then: Sighting, before: Sighting = WELL) -> At:
    return lambda at: then if at >= second else before


def stuck(at: int) -> Sighting:
    """Requests come once a second, and none ends after the fourth second."""
    return working(started=10 + at, finished=10 + min(at, 4), oldest_unfinished=max(0.0, at - 4.5))


def busy(at: int, slow: int = 1, **work: float) -> Sighting:
    """Fifty requests a second end; beside them so many wait."""
    return working(**{"started": 100 + slow + 50 * at, "finished": 100 + 50 * at, **work})


def restarts_and_is_silent(at: int) -> Sighting:
    """Its restart counts at the look that finds it only."""
    return WELL if at < 3 else replace(SILENT, restarts=int(at == 3))


def down_until(second: int) -> At:
    """Stable's pod is ready again."""
    return lambda at: STABLE if at >= second else UNREADY_STABLE


STUCK_STABLE: At = lambda at: replace(stuck(at), pod=STABLE.pod)  # noqa: E731
UNREADY = with_pod(WELL, is_ready=False)
UNREADY_STABLE = with_pod(STABLE, is_ready=False)
RESTARTED = replace(WELL, restarts=1)
RESTARTED_STABLE = replace(STABLE, restarts=1)
LOOPING = with_pod(WELL, loops=True)
DOWN_STABLE = with_pod(RESTARTED_STABLE, loops=True, is_ready=False)
LEAVING = with_pod(SILENT, is_leaving=True, is_ready=False)
OLD = working(oldest_unfinished=11.2)

FINE: list[tuple[str, Sequence[Moment]]] = [
    ("nobody looked", []),
    ("all is well", moments()),
    ("it restarted before the trial", moments(from_(0, with_pod(WELL, restarts=3)))),
    ("it waits since its node began anew", moments(from_(9, with_pod(WELL, loops=True, lost_with_node=True)))),
    ("it restarted a moment ago", moments(from_(8, RESTARTED))),
    ("stable restarted a moment after", moments(from_(6, RESTARTED), from_(10, RESTARTED_STABLE))),
    ("stable restarted before these looks, and is down", moments(from_(2, RESTARTED), from_(0, DOWN_STABLE))),
    ("stable restarted a moment before", moments(from_(10, RESTARTED), from_(8, RESTARTED_STABLE))),
    ("both had restarted when somebody first looked", moments(from_(0, RESTARTED), from_(0, RESTARTED_STABLE), 0)),
    ("both are about to", moments(from_(9, LOOPING), from_(3, replace(LOOPING, pod=replace(LOOPING.pod, uid="s"))))),
    ("it restarted with stable, and is silent meanwhile", moments(restarts_and_is_silent, from_(4, RESTARTED_STABLE))),
    ("it is taken away", moments(from_(3, replace(LEAVING, restarts=1)))),
    ("it was never ready", moments(from_(0, replace(UNREADY, was_ready=False)))),
    ("it is not ready for four seconds", moments(from_(8, UNREADY))),
    ("it is not ready, and nobody has asked again", moments(from_(6, UNREADY), listed=lambda at: min(at, 8))),
    ("stable's pods lost it too", moments(from_(6, UNREADY), from_(8, UNREADY_STABLE))),
    ("stable's pods lost it first, and long ago", moments(from_(2, UNREADY), from_(0, UNREADY_STABLE), 60)),
    (
        "stable's are back a moment before it",
        moments(from_(2, UNREADY), lambda at: UNREADY_STABLE if at < 8 else STABLE),
    ),
    ("it is silent for four seconds", moments(from_(8, SILENT))),
    ("it only begins", moments(from_(0, replace(with_pod(SILENT, is_ready=False), was_ready=False)))),
    ("it answered in between", moments(lambda at: WELL if at == 8 else SILENT)),
    ("stable is as silent", moments(from_(3, SILENT), from_(4, replace(SILENT, pod=STABLE.pod)))),
    (
        "stable was silent in between",
        moments(from_(3, SILENT), lambda at: replace(SILENT, pod=STABLE.pod) if at == 9 else STABLE),
    ),
    ("whether somebody takes it away is not known", moments(from_(3, SILENT), listed=lambda at: min(at, 2))),
    ("its node was not heard of since", moments(from_(3, replace(SILENT, node_lived=2.0)))),
    ("it answers something else", moments(from_(0, replace(SILENT, answer=Answer.OTHER)))),
    ("it was not there before", moments(from_(10, SILENT))),
    ("a request takes its time", moments(from_(0, working(oldest_unfinished=9.9)))),
    ("one is slow beside many that end", moments(lambda at: busy(at, oldest_unfinished=3.0 + at))),
    ("stable's take as long", moments(from_(0, OLD), from_(0, replace(OLD, pod=STABLE.pod)))),
    ("few requests came", moments(lambda at: working(started=10 + min(at, 5), finished=10 + min(at, 3)))),
    ("several are half sent", moments(lambda at: working(started=10 + at, finished=10 + min(at, 4)))),
    ("one ended in between", moments(lambda at: working(started=10 + at, finished=10 + at // 4))),
    ("stable stands still too", moments(stuck, STUCK_STABLE)),
    (
        "its process began anew",
        moments(lambda at: replace(stuck(at), work=replace(stuck(at).work or Work(0, 0, 0, 0), boot=at // 4))),
    ),
    ("nobody asks for anything", moments(from_(0, working()))),
]


@pytest.mark.parametrize(("sentence", "seen"), FINE, ids=[sentence for sentence, _ in FINE])
def test_no_fault(sentence: str, seen: Sequence[Moment]) -> None:
    assert fault(seen) is None


R = FaultReason
OOM = with_pod(replace(WELL, restarts=1), ended="OOMKilled, exit code 137")
FAULTS: list[tuple[str, Sequence[Moment], FaultReason, str]] = [
    (
        "memory ran out",
        moments(from_(7, OOM)),
        R.CRASHES,
        "Pod web-c restarted once in this rollout: its last end was OOMKilled, exit code 137.",
    ),
    (
        "it restarted twice",
        moments(from_(7, replace(WELL, restarts=2))),
        R.CRASHES,
        "Pod web-c restarted 2 times in this rollout.",
    ),
    (
        "it loops",
        moments(from_(7, with_pod(WELL, loops=True, ended="exit code 1"))),
        R.CRASHES,
        "Pod web-c is in CrashLoopBackOff: its last end was exit code 1.",
    ),
    (
        "stable restarted before these looks",
        moments(from_(7, RESTARTED), from_(0, RESTARTED_STABLE)),
        R.CRASHES,
        "Pod web-c restarted once in this rollout.",
    ),
    (
        "stable's pod that restarted leaves",
        moments(from_(7, RESTARTED), from_(10, with_pod(RESTARTED_STABLE, is_leaving=True))),
        R.CRASHES,
        "Pod web-c restarted once in this rollout.",
    ),
    (
        "stable's pod loops since before these looks",
        moments(from_(7, RESTARTED), from_(0, replace(with_pod(STABLE, loops=True), was_ready=False))),
        R.CRASHES,
        "Pod web-c restarted once in this rollout.",
    ),
    (
        "stable restarted, and it is silent",
        moments(from_(5, SILENT), from_(4, RESTARTED_STABLE)),
        R.DOES_NOT_ANSWER,
        "Pod web-c has not answered for 7 s, in which stable's pods did.",
    ),
    ("it is not ready", moments(from_(7, UNREADY)), R.LOST_READINESS, "Pod web-c was ready and is not for 5 s."),
    (
        "stable's are ready again, and it is not",
        moments(from_(2, UNREADY), down_until(7)),
        R.LOST_READINESS,
        "Pod web-c was ready and is not for 5 s.",
    ),
    (
        "stable's pod that is not ready leaves",
        moments(from_(7, UNREADY), from_(7, with_pod(STABLE, is_ready=False, is_leaving=True))),
        R.LOST_READINESS,
        "Pod web-c was ready and is not for 5 s.",
    ),
    (
        "stable's pod was never ready",
        moments(from_(7, UNREADY), from_(0, replace(UNREADY_STABLE, was_ready=False))),
        R.LOST_READINESS,
        "Pod web-c was ready and is not for 5 s.",
    ),
    (
        "it is silent",
        moments(from_(7, SILENT)),
        R.DOES_NOT_ANSWER,
        "Pod web-c has not answered for 5 s, in which stable's pods did.",
    ),
    (
        "it is ready and never answered",
        moments(from_(0, SILENT)),
        R.DOES_NOT_ANSWER,
        "Pod web-c has not answered for 12 s, in which stable's pods did.",
    ),
    (
        "its node lives",
        moments(from_(3, replace(SILENT, node_lived=11.0))),
        R.DOES_NOT_ANSWER,
        "Pod web-c has not answered for 9 s, in which stable's pods did.",
    ),
    (
        "a request has no answer",
        moments(from_(0, OLD)),
        R.HANGS,
        "Pod web-c takes requests and has one that is unanswered for 11 s.",
    ),
    (
        "ever more have none",
        moments(lambda at: busy(at, 1 + at // 3, oldest_unfinished=3.0 + at)),
        R.HANGS,
        "Pod web-c takes requests and has one that is unanswered for 15 s.",
    ),
    (
        "stable is not asked",
        moments(from_(0, OLD), from_(0, replace(SILENT, pod=STABLE.pod))),
        R.HANGS,
        "Pod web-c takes requests and has one that is unanswered for 11 s.",
    ),
    (
        "it stands still",
        moments(stuck),
        R.HANGS,
        "Pod web-c takes requests and has ended none in 8 s, in which 8 came.",
    ),
]


@pytest.mark.parametrize(("sentence", "seen", "reason", "message"), FAULTS, ids=[one[0] for one in FAULTS])
def test_fault(sentence: str, seen: Sequence[Moment], reason: FaultReason, message: str) -> None:
    found = fault(seen)
    assert found
    assert (found.reason, found.message) == (reason, message)


def beside_nine(ill: At, seen: Sequence[Moment]) -> Sequence[Moment]:
    """Stable has ten pods, and one of them is ill."""
    nine = {f"s{number}": replace(STABLE, pod=replace(STABLE.pod, uid=f"s{number}")) for number in range(9)}
    return [replace(one, stable={"s": ill(at), **nine}) for at, one in enumerate(seen)]


@pytest.mark.parametrize(
    ("candidate", "ill", "reason"),
    [
        (from_(10, UNREADY), from_(2, UNREADY_STABLE), R.LOST_READINESS),
        (from_(10, RESTARTED), from_(8, RESTARTED_STABLE), R.CRASHES),
        (stuck, STUCK_STABLE, R.HANGS),
    ],
)
def test_one_ill_pod_of_many_excuses_nobody(candidate: At, ill: At, reason: FaultReason) -> None:
    found = fault(beside_nine(ill, moments(candidate, seconds=18)))
    assert found
    assert found.reason == reason


def test_a_third_of_stables_pods_excuses() -> None:
    three = {f"s{number}": replace(STABLE, pod=replace(STABLE.pod, uid=f"s{number}")) for number in range(2)}
    seen = moments(from_(2, RESTARTED), from_(8, RESTARTED_STABLE))
    assert fault([replace(one, stable={**one.stable, **three}) for one in seen]) is None


def test_the_fault_of_any_pod_is_the_candidates() -> None:
    other = replace(with_pod(WELL, uid="d", name="web-d"), restarts=1)
    seen = [replace(one, candidate={**one.candidate, "d": other}) for one in moments()]
    found = fault(seen)
    assert found
    assert "web-d" in found.message


SUDDEN = 20
"""The second from which on it is ill."""


def hangs(at: int) -> Sighting:
    """A request a second comes, and none is answered any more."""
    ended = 100 + min(at, SUDDEN)
    return working(started=100 + at, finished=ended, oldest_unfinished=max(0.0, at - SUDDEN - 0.5))


def hangs_and_nobody_comes(at: int) -> Sighting:
    """A single one is not answered, and there is no other."""
    return working(started=101, finished=100, oldest_unfinished=float(max(0, at - SUDDEN)))


@pytest.mark.parametrize(
    ("candidate", "looks"),
    [
        (from_(SUDDEN, RESTARTED), 5),
        (from_(SUDDEN, UNREADY), 5),
        (from_(SUDDEN, SILENT), 5),
        (hangs, 6),
        (hangs_and_nobody_comes, 11),
    ],
    ids=["crashes", "loses readiness", "is silent", "hangs", "hangs at its only request"],
)
def test_after_how_many_looks_it_is_found(candidate: At, looks: int) -> None:
    seen = moments(candidate, seconds=40)
    found = next(last for last in range(len(seen)) if fault(seen[max(0, last - 20) : last + 1]))
    assert found - SUDDEN == looks
