"""When to look again if nobody rings."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from toprope.core.conditions import Condition, moment
from toprope.core.model import ConditionModel
from toprope.delivery.machine.moved import held_until, is_shared
from toprope.delivery.machine.rollout import Phase, Policy, Rollout
from toprope.serving.reasons import Reason
from toprope.serving.troubles import PATIENCE
from toprope.slo.health import SPOKEN

QUIET = timedelta(minutes=10)
"""A lost watch event is made good within this time."""
TROUBLED = timedelta(seconds=15)
"""Pods and Secrets of the user's ring no bell. Old trouble is looked at ever less often, up to `WEARY`."""
WEARY = timedelta(minutes=5)
SHIFTING = timedelta(seconds=1)
"""A step that is not true yet is looked at each second: that a share is seen rings no bell."""
HOLDING = timedelta(seconds=5)
"""One that is: verdicts and faults ring, and the status has evidence of these seconds."""
PROBING = timedelta(seconds=10)
"""Probes ring when they are over; who asks no more has them forgotten."""
NEAR = timedelta(seconds=2)
"""Nor do EndpointSlices; those of ready pods come within a moment, and nothing else keeps traffic from moving. Pods
that have been taken away do not stay much longer."""

_NEAR = frozenset({Reason.NO_ENDPOINTS, Reason.EARLIER_PODS})
_RING_THEIR_OWN_BELL = frozenset({Reason.DATA_COMING, Reason.STORAGE_GROWING, Reason.ROTATION_WAITING})


def next_look(
    stated: Iterable[Condition], before: Iterable[ConditionModel], dues: Iterable[datetime | None], now: datetime
) -> timedelta:
    """The earliest of what is due, never in the past. `before` are the conditions as the status had them."""
    since = {(condition.type, condition.status): moment(condition.last_transition_time) for condition in before}
    pauses = [max(due - now, timedelta(0)) for due in dues if due is not None]
    return min([QUIET, *pauses, *(_pause(one, now - since.get((one.type, one.status), now)) for one in stated)])


def step_due(after: Rollout, policy: Policy, now: datetime) -> datetime | None:
    """When to look at a candidate that has requests, is about to, is to lose them, or alone could answer any."""
    if after.phase is Phase.ROLLING_BACK and after.routed is None:
        return now + HOLDING
    if not is_shared(after):
        return now + HOLDING if after.alone_since else None
    is_true = after.phase is not Phase.SHIFTING and after.routed is not None
    look, ends = now + (HOLDING if is_true else SHIFTING), held_until(after, policy)
    return min(look, ends) if ends and ends > now else look


def _pause(condition: Condition, age: timedelta) -> timedelta:
    if condition.reason == Reason.STARTING:
        return PATIENCE
    if not _is_troubled(condition) or condition.reason in _RING_THEIR_OWN_BELL:
        return QUIET
    if condition.reason in _NEAR and condition.status == "True":
        return NEAR
    return min(max(age / 4, TROUBLED), WEARY)


def _is_troubled(condition: Condition) -> bool:
    """Progress gives a reason of its own while all is well, and else the trouble that it waits for, or failed by."""
    if condition.type == "Progressing":
        return condition.reason in list(Reason)
    return condition.status == "False" and condition.type not in ("StorageGrown", *SPOKEN)
