"""What a rollout's times count from: none lies ahead of the clock, and each stays no longer than somebody needs it."""

from dataclasses import replace
from datetime import datetime

from toprope.delivery.machine.rollout import Phase, Rollout, Seen

_NEEDS_PODS = (Phase.PREPARING, Phase.SHIFTING, Phase.HOLDING, Phase.BAKING)


def not_ahead(before: Rollout, now: datetime) -> Rollout:
    """A clock that was put back must not hold a step for as long as it was ahead: what it had not reached began now."""
    marks = (before.since, before.stepped, before.routed, before.unready_since)
    since, stepped, routed, unready = (mark and min(mark, now) for mark in marks)
    return replace(before, since=since, stepped=stepped, routed=routed, unready_since=unready)


def unready(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    """With the time since when the candidate lacks pods: what it was ready for does not count."""
    return replace(before, unready_since=None if seen.candidate_ready else before.unready_since or now)


def trimmed(after: Rollout) -> Rollout:
    """Without the times that nobody needs in this phase."""
    return replace(after, unready_since=after.unready_since if after.phase in _NEEDS_PODS else None)
