"""What a rollout's times count from: none lies ahead of the clock, and each stays no longer than somebody needs it.

While a candidate has requests somebody looks at it every few seconds. Where nobody did for half a minute, or for more
than a tenth of the phase, as the operator was away or the clock leapt, that time proves nothing: hold, bake and all
else go on from where they were.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from toprope.delivery.machine.rollout import Command, Phase, Rollout, Seen

NOTED = timedelta(seconds=10)
"""How often a look is written down where nothing else is; of an older phase each tenth of its age."""
NOTED_AT_LEAST = timedelta(minutes=5)
"""A step may wait for a person for days."""
LATE = timedelta(seconds=20)
"""Looks are five seconds apart, and a busy operator takes its time: who is later with a note than that was away."""

_IS_SHARED = (Phase.SHIFTING, Phase.HOLDING, Phase.BAKING)
_NEEDS_PODS = (Phase.PREPARING, *_IS_SHARED)


def not_ahead(before: Rollout, now: datetime) -> Rollout:
    """A clock that was put back must not hold a step for as long as it was ahead: what it had not reached began now."""
    return replace(
        before,
        since=_at_most(before.since, now),
        stepped=_at_most(before.stepped, now),
        routed=_at_most(before.routed, now),
        unready_since=_at_most(before.unready_since, now),
        alone_since=_at_most(before.alone_since, now),
        undecided_since=_at_most(before.undecided_since, now),
        looked_at=_at_most(before.looked_at, now),
    )


def looked(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    """With what nobody has seen taken out of all times, and what was paused out of those of the gate."""
    if before.looked_at is None:
        return replace(before, looked_at=now)
    gap = now - before.looked_at
    if gap < _noted_each(before.since, now) and not seen.is_noted:
        return before
    unseen = gap if is_away(before.since, before.looked_at, now) else timedelta(0)
    waived = gap if Command.PAUSE in seen.commands else unseen
    return replace(
        before,
        since=_later(before.since, unseen, now),
        routed=_later(before.routed, unseen, now),
        unready_since=_later(before.unready_since, unseen, now),
        alone_since=_later(before.alone_since, unseen, now),
        undecided_since=_later(before.undecided_since, waived, now),
        looked_at=now,
    )


def is_away(since: datetime | None, noted: datetime, now: datetime) -> bool:
    """Whether nobody looks any more at a phase that began `since`, as the last note has it."""
    return now - noted > _noted_each(since, now) + LATE


def unready(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    """With the time since when the candidate lacks pods: what it was ready for, or prepared in, does not count."""
    waits = not (seen.candidate_ready or seen.prepares)
    return replace(before, unready_since=(before.unready_since or now) if waits else None)


def alone(before: Rollout, seen: Seen, now: datetime) -> Rollout:
    """With the time since when nobody but the candidate can answer; of one that is frozen, and has no pods yet, since
    when nobody at all can."""
    is_alone = bool(seen.stable_down) and (seen.can_answer or before.phase is Phase.FROZEN)
    return replace(before, alone_since=(before.alone_since or now) if is_alone else None)


def trimmed(after: Rollout) -> Rollout:
    """Without the times that nobody needs in this phase."""
    is_shared, ends_outages = after.phase in _IS_SHARED, after.phase in (Phase.FROZEN, *_NEEDS_PODS)
    alone_since = after.alone_since if ends_outages else None
    return replace(
        after,
        unready_since=after.unready_since if after.phase in _NEEDS_PODS else None,
        alone_since=alone_since,
        undecided_since=after.undecided_since if is_shared else None,
        looked_at=after.looked_at if is_shared or alone_since else None,
    )


def _noted_each(since: datetime | None, now: datetime) -> timedelta:
    age = now - since if since else timedelta(0)
    return min(max(NOTED, age / 10), NOTED_AT_LEAST)


def _at_most(mark: datetime | None, now: datetime) -> datetime | None:
    return mark and min(mark, now)


def _later(mark: datetime | None, span: timedelta, now: datetime) -> datetime | None:
    return mark and min(mark + span, now)
