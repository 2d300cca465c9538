"""When to look again if nobody rings."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from toprope.core.conditions import Condition
from toprope.kinds.shortenerapp.reasons import Reason
from toprope.kinds.shortenerapp.troubles import PATIENCE

QUIET = timedelta(minutes=10)
"""A lost watch event is made good within this time."""
TROUBLED = timedelta(seconds=15)
"""Pods and Secrets of the user's ring no bell."""

_RING_THEIR_OWN_BELL = frozenset({Reason.DATA_COMING, Reason.STORAGE_GROWING, Reason.ROTATION_WAITING})


def next_look(conditions: Iterable[Condition], dues: Iterable[datetime | None], now: datetime) -> timedelta:
    """The earliest of what is due, never in the past."""
    pauses = [max(due - now, timedelta(0)) for due in dues if due is not None]
    return min([QUIET, *pauses, *(_pause(condition) for condition in conditions)])


def _pause(condition: Condition) -> timedelta:
    if condition.reason == Reason.STARTING:
        return PATIENCE
    troubled = condition.status == "False" and condition.type not in ("Progressing", "StorageGrown")
    return TROUBLED if troubled and condition.reason not in _RING_THEIR_OWN_BELL else QUIET
