"""What became of the last rollouts: the newest first, and the one that is under way before them.

    no record is open, and there is a candidate ──► one is opened
    one is open ──► a weight that was decided, what the gate said of the one before, and what was lost, go into it
    one is open, and its candidate is stable, failed, taken back or not wanted any more ──► it is closed, with why

Told from the rollout before and after one look. A first release has nothing that it came from, and is no rollout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import Field

from toprope.core.conditions import timestamp
from toprope.core.model import StatusModel
from toprope.delivery.machine.facts import cause_of
from toprope.delivery.machine.reasons import Reason
from toprope.delivery.machine.rollout import WHOLE, Phase, Rollout
from toprope.delivery.machine.weights import percent
from toprope.delivery.spec import CountsStatus, JudgedStatus

ROLLOUTS = 10
"""Records that are kept."""
WEIGHTS = 20
"""Weights of one that are kept, the last ones."""


class Outcome(StrEnum):
    """How a rollout ended."""

    PROMOTED = "Promoted"
    ROLLED_BACK = "RolledBack"
    FAILED = "Failed"
    ABORTED = "Aborted"
    WITHDRAWN = "Withdrawn"
    SUPERSEDED = "Superseded"


_BY_PEOPLE: Mapping[str, Outcome] = {
    Reason.ABORTED: Outcome.ABORTED,
    Reason.WITHDRAWN: Outcome.WITHDRAWN,
    Reason.SUPERSEDED: Outcome.SUPERSEDED,
}


class VerdictStatus(StatusModel):
    """What one SLO's gate said."""

    slo: str
    """Name of the SLO."""
    verdict: str | None = None
    """Pass, Fail or Undecided."""
    reason: str | None = None
    """Why, as one word."""
    message: str | None = None
    """Why, as a sentence with its numbers; left out of the verdicts on single weights."""
    candidate: CountsStatus | None = None
    """The candidate's requests that this stands on."""
    stable: CountsStatus | None = None
    """Stable's in the same time; absent where nobody could count them."""


class WeightStatus(StatusModel):
    """A share of the requests that was decided, and what ended it."""

    weight: str
    """The candidate's share of all requests."""
    decided: str
    """When it was decided."""
    then: str | None = None
    """Why the next one was decided, or it was taken back, as one word; absent for the last one."""
    verdict: VerdictStatus | None = None
    """What the gate said of it then: of the SLO that had most bad requests, for a record must stay small."""


class RecordStatus(StatusModel):
    """One rollout, from the release's arrival to its end."""

    candidate: str
    """The revision that wanted to serve."""
    stable: str | None = None
    """The revision that served when it began."""
    began: str
    """When it began."""
    ended: str | None = None
    """When it ended; absent while it is under way."""
    outcome: str | None = None
    """Promoted, RolledBack (it had requests and lost them), Failed (it never had any), Aborted, Withdrawn (the spec
    went back to stable) or Superseded (the spec went on to another release); absent while it is under way."""
    reason: str | None = None
    """Why it ended so, as one word."""
    message: str | None = None
    """Why it ended so, as a sentence."""
    weights: Annotated[list[WeightStatus], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})] = []
    """The shares of the requests that it was given; 0% is when it was taken back. None: it never got any."""
    verdicts: Annotated[list[VerdictStatus], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})] = []
    """What each SLO's gate said in the end."""
    lost: int | None = None
    """Its bad requests, of the SLO that had most of them."""


Records = Annotated[list[RecordStatus], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})]


class Evidence(Protocol):
    """What was seen of the candidate."""

    @property
    def judged(self) -> Sequence[JudgedStatus]:
        """By SLO."""
        ...

    @property
    def lost(self) -> int | None:
        """Its bad requests so far."""
        ...


@dataclass(frozen=True, slots=True)
class _Look:
    before: Rollout
    after: Rollout
    found: Evidence
    now: datetime


def recorded(
    records: Sequence[RecordStatus], before: Rollout, after: Rollout, found: Evidence, now: datetime
) -> list[RecordStatus]:
    """The records after this look. Unchanged facts give an equal value."""
    look, told = _Look(before, after, found, now), list(records)
    if told and told[0].ended is None:
        told[0] = _seen(told[0], look) if _goes_on(told[0], look) else _closed(_seen(told[0], look), look)
    if after.candidate and after.phase is not Phase.FAILED and not (told and told[0].ended is None):
        told.insert(0, _seen(_opened(after.candidate, look), look))
    return told[:ROLLOUTS]


def _opened(candidate: str, look: _Look) -> RecordStatus:
    return RecordStatus(candidate=candidate, stable=look.after.stable, began=timestamp(look.after.began or look.now))


def _goes_on(record: RecordStatus, look: _Look) -> bool:
    """One that is taken back ends there, also where the same revision begins anew."""
    is_back = look.before.phase is Phase.ROLLING_BACK and look.after.phase is not Phase.ROLLING_BACK
    return look.after.candidate == record.candidate and look.after.phase is not Phase.FAILED and not is_back


def _seen(record: RecordStatus, look: _Look) -> RecordStatus:
    """With the weight of this look, and what is lost by now: that never falls, also where an operator that was killed
    had counted more than it had written down."""
    decided = _weight(record, look)
    weights = [*(_judged(record.weights, look) if decided else record.weights), *decided][-WEIGHTS:]
    lost = max((one for one in (record.lost, look.found.lost) if one is not None), default=None) if weights else None
    return record.model_copy(update={"weights": weights, "lost": lost})


def _judged(weights: Sequence[WeightStatus], look: _Look) -> list[WeightStatus]:
    """With what the next weight stands on, beside the last one of these."""
    if not weights:
        return []
    most = max(look.found.judged, key=lambda one: one.candidate.bad if one.candidate else 0, default=None)
    verdict = _verdict(most).model_copy(update={"message": None}) if most else None
    return [*weights[:-1], weights[-1].model_copy(update={"then": look.after.reason, "verdict": verdict})]


def _weight(record: RecordStatus, look: _Look) -> Sequence[WeightStatus]:
    """What was decided since the last one."""
    after, last = look.after, record.weights[-1] if record.weights else None
    if after.stable == record.candidate:
        # Promotion forgets the weight: all requests, if that was not so already.
        decided = WeightStatus(weight=percent(WHOLE), decided=timestamp(look.now))
        return () if last and last.weight == decided.weight else (decided,)
    if after.candidate != record.candidate or after.stepped is None:
        return ()
    decided = WeightStatus(weight=percent(after.weight), decided=timestamp(after.stepped))
    # No two steps have one weight; the moment of a step may move, where a clock was put back.
    return () if last and last.weight == decided.weight else (decided,)


def _closed(record: RecordStatus, look: _Look) -> RecordStatus:
    outcome, reason, message = _end(record, look)
    ended = {"ended": timestamp(look.now), "outcome": outcome, "reason": reason, "message": message}
    return record.model_copy(update={**ended, "verdicts": _verdicts(look) if record.weights else []})


def _end(record: RecordStatus, look: _Look) -> tuple[Outcome, str, str]:
    """Outcome, reason and sentence. What takes a candidate back is told while it is under way."""
    before, after = look.before, look.after
    if after.stable == record.candidate:
        return Outcome.PROMOTED, after.reason, after.message
    if before.phase is not Phase.ROLLING_BACK and after.phase is not Phase.FAILED:
        return _unwanted(look)
    cause = cause_of(before if before.phase is Phase.ROLLING_BACK else after)
    taken_back = Outcome.ROLLED_BACK if record.weights else Outcome.FAILED
    return _BY_PEOPLE.get(cause.reason, taken_back), cause.reason, cause.message


def _unwanted(look: _Look) -> tuple[Outcome, str, str]:
    """Of a candidate that never had a request: nothing had to be taken back."""
    if another := look.after.candidate:
        return Outcome.SUPERSEDED, Reason.SUPERSEDED, f"The spec wants revision {another} now."
    told = f"The spec wants the stable revision {look.after.stable} again."
    return Outcome.WITHDRAWN, Reason.WITHDRAWN, told


def _verdicts(look: _Look) -> list[VerdictStatus]:
    return [_verdict(one) for one in look.found.judged]


def _verdict(one: JudgedStatus) -> VerdictStatus:
    return VerdictStatus(
        slo=one.slo,
        verdict=one.verdict,
        reason=one.reason,
        message=one.message,
        candidate=one.candidate,
        stable=one.stable,
    )
