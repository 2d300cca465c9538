"""What a person reads of a rollout in `kubectl describe`: an Event for each turn of it, told from before and after.

    a candidate begins, thaws, is tried again │ a weight is decided │ held by a person, a budget or no verdict
    resumed │ without requests meanwhile │ taken back, with the evidence; kept from that │ failed │ frozen │ promoted
    withdrawn

What is on its way as it should (a share that is seen, a hold that is over, more evidence) stands in the status.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from toprope.core.conditions import timestamp
from toprope.core.decision import Tell
from toprope.delivery.machine.reasons import UNPAID, Reason
from toprope.delivery.machine.rollout import Phase, Rollout


class Turn(StrEnum):
    """Reasons that only Events have; the others are those of the rollout."""

    PREPARES = "CandidatePrepares"
    RESUMED = "Resumed"


_HOLDS = (
    Reason.PAUSED, Reason.UNDECIDED_TOO_LONG, Reason.CAPACITY_SHORT, Reason.SHARE_DIFFERS, Reason.STABLE_NOT_READY,
    *UNPAID,
)  # fmt: skip
"""Nothing but a person, a budget or the world ends these."""


@dataclass(frozen=True, slots=True)
class _Said:
    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"


def tells(before: Rollout, after: Rollout, version: str) -> list[Tell]:
    """`version` is that of the resource that `before` was read from: a pass that is killed before its status is written
    tells the same once more, in other words perhaps, and the API server takes the two as one."""
    if before.stable is None:
        return []
    return [Tell(one.reason, one.message, one.type, once=version) for one in _turns(before, after)]


def _turns(before: Rollout, after: Rollout) -> Iterator[_Said]:
    if after.stable != before.stable:
        yield _Said(after.reason, f"{after.message} Revision {before.stable} ends its last requests.")
    elif after.candidate is None:
        if before.candidate and before.phase is not Phase.ROLLING_BACK:
            told = f"The spec wants revision {after.stable} again: revision {before.candidate} had no requests."
            yield _Said(Reason.WITHDRAWN, told)
    elif (after.candidate, after.began) != (before.candidate, before.began):
        yield _begins(before, after)
    else:
        yield from _goes_on(before, after)


def _begins(before: Rollout, after: Rollout) -> _Said:
    if after.phase is Phase.FROZEN:
        return _Said(after.reason, f"Revision {after.candidate} has not begun. {after.message}", "Warning")
    told = f"Revision {after.candidate} gets ready beside {after.stable}{_instead(before, after)}."
    return _Said(Turn.PREPARES, f"{told} {after.message}")


def _instead(before: Rollout, after: Rollout) -> str:
    if before.candidate is None:
        return ""
    if before.candidate != after.candidate:
        return f", in place of {before.candidate}"
    if before.phase is Phase.FROZEN and before.since:
        return f"; it has waited for an error budget since {timestamp(before.since)}"
    return "; it is tried again"


def _goes_on(before: Rollout, after: Rollout) -> Iterator[_Said]:
    is_given_up = before.phase is Phase.FAILED and before.reason != after.reason
    if after.phase is Phase.FAILED and (before.phase not in (Phase.FAILED, Phase.ROLLING_BACK) or is_given_up):
        # Who was taken back has been told of, with the evidence.
        told = f"Revision {after.candidate} had no requests and gets none. {after.message}"
        yield _Said(after.reason, told, "Warning")
    elif after.phase is Phase.ROLLING_BACK:
        if before.phase is not Phase.ROLLING_BACK:
            told = f"All requests go back from revision {after.candidate} to {after.stable}. {after.message}"
            yield _Said(after.reason, told, "Warning")
        elif after.reason == Reason.STABLE_NOT_READY != before.reason:
            yield _Said(after.reason, after.message, "Warning")
    elif after.phase is Phase.FROZEN is not before.phase:
        yield _Said(
            after.reason, f"Revision {after.candidate} is ready, and gets no requests. {after.message}", "Warning"
        )
    else:
        yield from _stays(before, after)


def _stays(before: Rollout, after: Rollout) -> Iterator[_Said]:
    """At its requests, or about to have them."""
    if after.step != before.step or (after.reason in _HOLDS and after.reason != before.reason):
        yield _Said(after.reason, after.message)
    elif after.reason == Reason.ROUTE_NOT_MOVED != before.reason and before.routed:
        yield _Said(after.reason, after.message, "Warning")
    elif before.reason == Reason.PAUSED and after.reason != Reason.PAUSED and after.phase is before.phase:
        yield _Said(Turn.RESUMED, f"Revision {after.candidate} goes on. {after.message}")
