"""From one release to the next, by the strategy `Immediate`.

     Idle ──release changed──► Preparing ──ready──► Retiring ──old one without route for 10 s──► Idle
                                │    ▲ └─not ready in time, refused─► Failed ──ready after all──► Retiring
                                └────┘ release changed again: the new one takes the candidate's place

The candidate starts beside stable and touches none of its pods; traffic moves in one step when the candidate is ready;
the revision that served before goes 10 s after the gateway has accepted the route without it: requests are not counted.
Back to the stable release is no rollout: the candidate just goes. The first creation is none either. Two releases in a
row: the second one takes no traffic before the revision that retires has had its rest.
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
    REFUSED = "CandidateRefused"
    TRAFFIC_MOVED = "TrafficMoved"
    ROUTE_NOT_MOVED = "RouteNotMoved"


@dataclass(frozen=True, slots=True)
class Rollout:
    """The part of the status that the machine reads and writes."""

    stable: str | None = None
    candidate: str | None = None
    retiring: str | None = None
    served: tuple[str, ...] = ()
    """Revisions that were stable before, the last one first."""
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
    refused: str = ""
    """Why the candidate can never serve, as a sentence; empty while it may."""


def next_rollout(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    """The rollout after this look. Unchanged facts give an equal value, `since` included."""
    after = _moved(before, seen, now)
    told = (after.phase, after.candidate, after.reason)
    if before.since is not None and told == (before.phase, before.candidate, before.reason):
        return replace(after, since=before.since)
    return replace(after, since=now)


def rest_ends(rollout: Rollout) -> datetime | None:
    """When the revision that retires may go; None while nothing retires, or still gets requests."""
    rests = rollout.retiring is not None and rollout.reason == Reason.TRAFFIC_MOVED
    return rollout.since + REST if rests and rollout.since else None


def late_at(rollout: Rollout) -> datetime | None:
    """When a candidate that is still not ready has failed; None while none gets ready."""
    return rollout.since + READY_WITHIN if rollout.phase is Phase.PREPARING and rollout.since else None


def _moved(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    if before.stable is None:
        message = f"Revision {seen.wanted} is the first: there is nothing to roll over from."
        return Rollout(stable=seen.wanted, reason=Reason.FIRST_RELEASE, message=message)
    if before.stable == seen.wanted:
        return _settling(replace(before, candidate=None), seen, now)
    is_free = before.retiring is None or _rested(before, seen, now)
    if before.candidate == seen.wanted and seen.candidate_ready and is_free:
        return _switched(before)
    return _preparing(before, seen, now)


def _settling(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    if before.retiring is None:
        if before.phase is Phase.IDLE:
            return before
        return replace(before, phase=Phase.IDLE, reason=Reason.RELEASED, message=f"Revision {before.stable} serves.")
    if not seen.route_moved:
        message = f"The gateway does not send all traffic to revision {before.stable} yet."
        return replace(before, phase=Phase.RETIRING, reason=Reason.ROUTE_NOT_MOVED, message=message)
    if _rested(before, seen, now):
        return _settling(replace(before, retiring=None), seen, now)
    message = f"Revision {before.stable} serves; revision {before.retiring} ends its last requests."
    return replace(before, phase=Phase.RETIRING, reason=Reason.TRAFFIC_MOVED, message=message)


def _rested(before: Rollout, seen: Seen, now: datetime) -> bool:
    ends = rest_ends(before)
    return seen.route_moved and ends is not None and now >= ends


def _switched(before: Rollout) -> Rollout:
    message = f"Revision {before.candidate} is ready and takes all traffic."
    return Rollout(
        stable=before.candidate,
        retiring=before.stable,
        served=_served(before),
        phase=Phase.RETIRING,
        reason=Reason.ROUTE_NOT_MOVED,
        message=message,
    )


def _served(before: Rollout) -> tuple[str, ...]:
    names = dict.fromkeys((before.stable, *before.served))
    return tuple(name for name in names if name and name != before.candidate)


def _preparing(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    """The candidate gets ready, while the revision that served before stable has its rest all the same."""
    ended = before.retiring == seen.wanted or _rested(before, seen, now)
    after = replace(before, candidate=seen.wanted, retiring=None if ended else before.retiring, message=seen.obstacle)
    if seen.candidate_ready and after.retiring:
        message = f"Revision {seen.wanted} is ready, and waits for revision {after.retiring} to end its last requests."
        return _stands(replace(after, message=message), seen, Phase.PREPARING, Reason.CANDIDATE_NOT_READY)
    if seen.refused:
        return _stands(after, seen, Phase.FAILED, Reason.REFUSED)
    if _is_late(before, seen, now):
        return _stands(after, seen, Phase.FAILED, Reason.NOT_READY_IN_TIME)
    return _stands(after, seen, Phase.PREPARING, Reason.CANDIDATE_NOT_READY)


def _is_late(before: Rollout, seen: Seen, now: datetime) -> bool:
    if before.candidate != seen.wanted:
        return False
    has_failed = before.phase is Phase.FAILED and before.reason != Reason.REFUSED
    return has_failed or now - (before.since or now) >= READY_WITHIN


def _stands(after: Rollout, seen: Seen, phase: Phase, reason: Reason) -> Rollout:
    """A rest that runs beside is the reason, so that it is timed: `since` is when the reason began."""
    return replace(after, phase=phase, reason=Reason.TRAFFIC_MOVED if after.retiring and seen.route_moved else reason)
