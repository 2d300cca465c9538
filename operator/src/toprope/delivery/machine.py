"""From one release to the next, by the strategy `Immediate`.

     Idle ──release changed──► Preparing ──ready──► Retiring ──old one unused for 10 s──► Idle
                                │    ▲ └─not ready in time─► Failed ──ready after all──► Retiring
                                └────┘ release changed again: the new one takes the candidate's place

The candidate starts beside stable and touches none of its pods; traffic moves in one step when the candidate is ready;
the revision that served before goes once the route no longer sends it anything. Back to the stable release is no
rollout: the candidate just goes. The first creation is none either.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

REST = timedelta(seconds=10)
"""How long a revision stays after the route has left it: requests on their way are answered."""

READY_WITHIN = timedelta(minutes=10)


class Phase(StrEnum):
    """Where a rollout stands."""

    IDLE = "Idle"
    PREPARING = "Preparing"
    RETIRING = "Retiring"
    FAILED = "Failed"


class Reason(StrEnum):
    """Why a rollout stands where it stands."""

    FIRST_RELEASE = "FirstRelease"
    RELEASED = "Released"
    CANDIDATE_NOT_READY = "CandidateNotReady"
    NOT_READY_IN_TIME = "NotReadyInTime"
    TRAFFIC_MOVED = "TrafficMoved"
    ROUTE_NOT_MOVED = "RouteNotMoved"


@dataclass(frozen=True, slots=True)
class Rollout:
    """The part of the status that the machine reads and writes."""

    stable: str | None = None
    candidate: str | None = None
    retiring: str | None = None
    phase: Phase = Phase.IDLE
    since: datetime | None = None
    reason: str = Reason.RELEASED
    message: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at the world showed of the revisions."""

    wanted: str
    """The revision of today's spec."""
    candidate_ready: bool
    """Whether the candidate's pods are ready, as many as stable needs, and its Service has endpoints."""
    obstacle: str
    """What the candidate still waits for, as a sentence."""
    route_moved: bool
    """Whether the route (or the plain Service) sends everything to stable, and its gateway has accepted that."""


def next_rollout(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    """The rollout after this look. Unchanged facts give an equal value, `since` included."""
    after = _moved(before, seen, now)
    told = (after.phase, after.candidate, after.reason)
    if before.since is not None and told == (before.phase, before.candidate, before.reason):
        return replace(after, since=before.since)
    return replace(after, since=now)


def _moved(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    if before.stable is None:
        message = f"Revision {seen.wanted} is the first: there is nothing to roll over from."
        return Rollout(stable=seen.wanted, reason=Reason.FIRST_RELEASE, message=message)
    if before.stable == seen.wanted:
        return _settling(replace(before, candidate=None), seen, now)
    if before.candidate != seen.wanted:
        return _new_candidate(before, seen)
    if seen.candidate_ready:
        return _switched(before)
    return _waiting(before, seen, now)


def _settling(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    if before.retiring is None:
        if before.phase is Phase.IDLE:
            return before
        return replace(before, phase=Phase.IDLE, reason=Reason.RELEASED, message=f"Revision {before.stable} serves.")
    if not seen.route_moved:
        message = f"The gateway does not send all traffic to revision {before.stable} yet."
        return replace(before, phase=Phase.RETIRING, reason=Reason.ROUTE_NOT_MOVED, message=message)
    if _rested(before, now):
        return _settling(replace(before, retiring=None), seen, now)
    message = f"Revision {before.stable} serves; revision {before.retiring} ends its last requests."
    return replace(before, phase=Phase.RETIRING, reason=Reason.TRAFFIC_MOVED, message=message)


def _rested(before: Rollout, now: datetime) -> bool:
    moved = before.phase is Phase.RETIRING and before.reason == Reason.TRAFFIC_MOVED
    return moved and before.since is not None and now - before.since >= REST


def _new_candidate(before: Rollout, seen: Seen) -> Rollout:
    retiring = None if before.retiring == seen.wanted else before.retiring
    return replace(
        before,
        candidate=seen.wanted,
        retiring=retiring,
        phase=Phase.PREPARING,
        reason=Reason.CANDIDATE_NOT_READY,
        message=seen.obstacle,
    )


def _switched(before: Rollout) -> Rollout:
    message = f"Revision {before.candidate} is ready and takes all traffic."
    return Rollout(
        stable=before.candidate,
        retiring=before.stable,
        phase=Phase.RETIRING,
        reason=Reason.ROUTE_NOT_MOVED,
        message=message,
    )


def _waiting(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    since = before.since or now
    retired = before.retiring is not None and seen.route_moved and now - since >= REST
    waiting = replace(before, retiring=None if retired else before.retiring, message=seen.obstacle)
    if now - since < READY_WITHIN and before.phase is not Phase.FAILED:
        return replace(waiting, phase=Phase.PREPARING, reason=Reason.CANDIDATE_NOT_READY)
    return replace(waiting, phase=Phase.FAILED, reason=Reason.NOT_READY_IN_TIME)
