"""What fails a candidate without statistics: it crashes, loses its readiness, answers nobody, or never ends a request.

    looks of the last seconds ──► the first fact that holds ──► Fault, or None

Not its fault is what happens to a pod on purpose (deleted, evicted, drained) or with its node, and what stable's pods
show as well. A pod that answers something else than its counters is alive: nothing is known of it, and that is all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from toprope.delivery.pods import Pod
from toprope.delivery.trial import Fault, FaultReason

LASTING = 5.0
"""Seconds that something must go on before it is believed."""
ENOUGH = 1 / 3
"""Of stable's pods. Where so many show what a candidate's pod shows, or as large a part as of the candidate's, it is
not the release's: but one that is ill among many excuses nobody."""
SEVERAL = 3
"""Requests that came while none ended, and make a pod hang: a single slow one is none."""
MEMORY = 20.0
"""Seconds of looks that facts stand on."""


class Answer(StrEnum):
    """What became of the question for its counters."""

    PAGE = "Page"
    OTHER = "Other"
    """Something that is no page of counters."""
    NONE = "None"
    """Refused, cut, or too late."""
    UNASKED = "Unasked"
    """It has no address."""


@dataclass(frozen=True, slots=True)
class Work:
    """Users' requests of one process so far."""

    boot: float
    started: int
    finished: int
    oldest_unfinished: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One pod at one look."""

    pod: Pod
    answer: Answer
    work: Work | None = None
    restarts: int = 0
    """Since the trial began, but for those with its node or with stable's pods."""
    was_ready: bool = False
    """Since the trial began, at this look or an earlier one."""
    node_lived: float | None = None
    """When its node last gave a sign of life; None where nobody may ask."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One look at both sides, by UID."""

    at: float
    """Seconds of a clock that never leaps."""
    listed: float
    """When the API server was asked for the pods."""
    candidate: Mapping[str, Sighting]
    stable: Mapping[str, Sighting]
    longest: float = 10.0
    """Seconds that a request may take."""


Moments = Sequence[Moment]


def fault(moments: Moments, excused: frozenset[str] = frozenset()) -> Fault | None:
    """The first that is found in these looks, the oldest first. `excused` are those of `fell_with_stable` at the look
    before."""
    if not moments:
        return None
    excused = fell_with_stable(moments, excused)
    present = (uid for uid, one in moments[-1].candidate.items() if not one.pod.is_leaving and uid not in excused)
    return next((found for uid in present for check in CHECKS if (found := check(moments, uid))), None)


def fell_with_stable(moments: Moments, before: frozenset[str] = frozenset()) -> frozenset[str]:
    """The candidate's pods that restarted in the same looks as stable's, or while those are down: by load, by a bad
    node, by something else that is no release's fault. And those that did so `before`, are not ready again and have
    not restarted since: a back-off lasts for minutes."""
    last = moments[-1]
    own, stable = _staying(last.candidate), _staying(last.stable)
    fell = {uid for uid in own if _loops(moments, _of_candidate(uid)) or _has_restarted(moments, _of_candidate(uid))}
    theirs = sum(_fell_or_is_down(moments, _of_stable(uid)) for uid in stable)
    down = {uid for uid in before & own.keys() if not (own[uid].pod.is_ready or own[uid].restarts)}
    return frozenset(fell | down if _is_shared((theirs, len(stable)), (len(fell), len(own))) else down)


def crashes(moments: Moments, uid: str) -> Fault | None:
    """It restarted since the trial began, or is about to once more, and for a while stable's pods did not: what fells
    both may fell the candidate first."""
    fallen = list(_latest(moments, lambda moment: _has_crashed(moment.candidate.get(uid))))
    if not fallen or moments[-1].listed - fallen[-1].listed < LASTING:
        return None
    one = moments[-1].candidate[uid]
    ended = f": its last end was {one.pod.ended}" if one.pod.ended else ""
    did = f"restarted {_times(one.restarts)} in this rollout" if one.restarts else "is in CrashLoopBackOff"
    return Fault(FaultReason.CRASHES, f"Pod {one.pod.name} {did}{ended}.")


def lost_readiness(moments: Moments, uid: str) -> Fault | None:
    """It was ready, and is not for a while in which stable's pods kept theirs, as far as the API server was asked."""
    unready = list(_latest(moments, lambda moment: _is_unready(moment.candidate.get(uid)) and not _both_lost(moment)))
    lasts = moments[-1].listed - unready[-1].listed if unready else 0.0
    if lasts < LASTING or not moments[-1].candidate[uid].was_ready:
        return None
    name = moments[-1].candidate[uid].pod.name
    return Fault(FaultReason.LOST_READINESS, f"Pod {name} was ready and is not for {lasts:.0f} s.")


def does_not_answer(moments: Moments, uid: str) -> Fault | None:
    """It is up, and silent for a while in which stable's pods answered, its node lives, and nobody took it away."""
    silent = list(_latest(moments, lambda moment: _is_silent(moment, uid)))
    lasts = moments[-1].at - silent[-1].at if silent else 0.0
    one = moments[-1].candidate[uid]
    if lasts < LASTING or not _is_up(moments, uid):
        return None
    began = silent[-1].at
    if moments[-1].listed < began or (one.node_lived is not None and one.node_lived < began):
        return None
    return Fault(
        FaultReason.DOES_NOT_ANSWER,
        f"Pod {one.pod.name} has not answered for {lasts:.0f} s, in which stable's pods did.",
    )


def hangs(moments: Moments, uid: str) -> Fault | None:
    """It takes requests and does not answer them; stable's pods do."""
    said = _hanging(moments, _of_candidate(uid))
    if not said or _both_hang(moments):
        return None
    return Fault(FaultReason.HANGS, f"Pod {moments[-1].candidate[uid].pod.name} takes requests and {said}.")


# In reading order: what needs no waiting comes first.
CHECKS: tuple[Callable[[Moments, str], Fault | None], ...] = (crashes, lost_readiness, does_not_answer, hangs)

Of = Callable[[Moment], Sighting | None]


def _latest(moments: Moments, holds: Callable[[Moment], bool]) -> Iterator[Moment]:
    """From the last look back, as long as it holds."""
    return takewhile(holds, reversed(moments))


def _is_unready(one: Sighting | None) -> bool:
    return one is not None and not one.pod.is_ready


def _has_crashed(one: Sighting | None) -> bool:
    return one is not None and bool(one.restarts or _is_looping(one.pod))


def _staying(side: Mapping[str, Sighting]) -> Mapping[str, Sighting]:
    """Without those that somebody takes away."""
    return {uid: one for uid, one in side.items() if not one.pod.is_leaving}


def _is_shared(stable: tuple[int, int], candidate: tuple[int, int]) -> bool:
    """Whether both show it, given how many of how many pods do."""
    (theirs, of_stable), (own, of_own) = stable, candidate
    return theirs > 0 and theirs * of_own >= min(own, ENOUGH * of_own) * of_stable


def _both_lost(moment: Moment) -> bool:
    """Whether stable's pods have lost their readiness too. A look at which they have proves nothing, and what was
    unready before it begins anew."""
    stable = [_has_lost(one) for one in _staying(moment.stable).values()]
    candidate = [_has_lost(one) for one in _staying(moment.candidate).values()]
    return _is_shared((sum(stable), len(stable)), (sum(candidate), len(candidate)))


def _has_lost(one: Sighting) -> bool:
    return _is_unready(one) and one.was_ready


def _both_hang(moments: Moments) -> bool:
    """Whether stable's pods do not answer their requests either."""
    last = moments[-1]
    stable = [bool(_hanging(moments, _of_stable(uid))) for uid in _staying(last.stable)]
    candidate = [bool(_hanging(moments, _of_candidate(uid))) for uid in _staying(last.candidate)]
    return _is_shared((sum(stable), len(stable)), (sum(candidate), len(candidate)))


def _is_silent(moment: Moment, uid: str) -> bool:
    """A look at which stable did not answer either proves nothing, and what was silent before it begins anew."""
    one = moment.candidate.get(uid)
    answered = any(other.answer is Answer.PAGE for other in moment.stable.values())
    return one is not None and one.answer is Answer.NONE and answered


def _is_up(moments: Moments, uid: str) -> bool:
    """Ready, or it has answered: one that only begins is silent."""
    answered = any(one.answer is Answer.PAGE for moment in moments if (one := moment.candidate.get(uid)))
    return answered or moments[-1].candidate[uid].pod.is_ready


def _of_stable(uid: str) -> Of:
    return lambda moment: moment.stable.get(uid)


def _of_candidate(uid: str) -> Of:
    return lambda moment: moment.candidate.get(uid)


def _has_restarted(moments: Moments, of: Of) -> bool:
    """In these looks. What the first look at a pod finds is as new as the look."""
    counts = [one.restarts for moment in moments if (one := of(moment))]
    return max(counts) > min(counts[:-1], default=0)


def _fell_or_is_down(moments: Moments, of: Of) -> bool:
    """Restarted in these looks, or is down now and was not always: one that never got ready is ill for itself."""
    last = of(moments[-1])
    is_down = last is not None and last.was_ready and (_is_looping(last.pod) or not last.pod.is_ready)
    return is_down or _began_to_loop(moments, of) or _has_restarted(moments, of)


def _began_to_loop(moments: Moments, of: Of) -> bool:
    """In these looks."""
    seen = [one.pod for moment in moments if (one := of(moment))]
    return _is_looping(seen[-1]) and not (len(seen) > 1 and _is_looping(seen[0]))


def _loops(moments: Moments, of: Of) -> bool:
    """At the last look."""
    last = of(moments[-1])
    return last is not None and _is_looping(last.pod)


def _is_looping(pod: Pod) -> bool:
    return pod.loops and not pod.lost_with_node


def _hanging(moments: Moments, of: Of) -> str:
    """How it shows; empty: it does not."""
    last = of(moments[-1])
    if last is None or last.work is None:
        return ""
    if last.work.oldest_unfinished > moments[-1].longest and _gets_stuck(moments, of, last.work):
        return f"has one that is unanswered for {last.work.oldest_unfinished:.0f} s"
    return _stands_still(moments, of, last.work)


def _gets_stuck(moments: Moments, of: Of, now: Work) -> bool:
    """Whether more than a single request waits: none ends beside it, or ever more wait with it. One that is slow beside
    many that end may be a lock that one row waits for, and is the SLOs' to judge."""
    lasts = moments[-1].at - _last_same(moments, of, now).at
    first = next(
        (one.work for moment in moments if (one := of(moment)) and one.work and one.work.boot == now.boot), now
    )
    more = (now.started - now.finished) - (first.started - first.finished)
    return lasts >= min(moments[-1].longest, MEMORY / 2) or more >= SEVERAL


def _stands_still(moments: Moments, of: Of, now: Work) -> str:
    """Whether several came while none ended, and one whose body is there has waited as long: a client that sends its
    body slowly waits for itself."""
    same = _last_same(moments, of, now)
    lasts, then = moments[-1].at - same.at, of(same)
    came = now.started - then.work.started if then and then.work else 0
    if min(lasts, now.oldest_unfinished) < LASTING or came < SEVERAL:
        return ""
    return f"has ended none in {lasts:.0f} s, in which {came} came"


def _last_same(moments: Moments, of: Of, now: Work) -> Moment:
    """The earliest look from which on it has ended none."""
    return list(_latest(moments, lambda moment: _has_finished_none(of(moment), now)))[-1]


def _has_finished_none(one: Sighting | None, now: Work) -> bool:
    """Since that look, in the same process."""
    return bool(one and one.work and (one.work.boot, one.work.finished) == (now.boot, now.finished))


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
