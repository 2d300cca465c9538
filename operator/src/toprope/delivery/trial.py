"""A candidate while it is judged: what is to be looked at each second, and what was seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from toprope.delivery.gate.counts import NONE, Counts
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.words import Judgement


@dataclass(frozen=True, slots=True)
class Side:
    """Where one revision is found."""

    revision: str
    pods: Mapping[str, str]
    """Labels of its pods."""
    service: str
    """Its Service, by which the gateway counts it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate that gets requests, or is about to."""

    candidate: Side
    stable: Side
    ops_port: int
    """Port of the pods that answers `/sli`."""
    step: int
    """Counts the steps of this rollout that became true; a new one asks Pass anew."""
    is_bake: bool
    """Whether the candidate has all requests, so that stable's last hour is the measure."""
    rules: Mapping[str, Rules]
    """By the name of the SLO that the gate judges."""
    past: Mapping[str, Counts] = field(default_factory=dict)
    """Stable's last hour, by SLO, where Prometheus knows it."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """The gates' states as the status has them, by SLO: where a new operator goes on."""
    lost: Mapping[str, int] = field(default_factory=dict)
    """Bad requests of the candidate's that the status has, by SLO: where a new operator goes on counting."""
    route: str = ""
    """Name of the HTTPRoute that shares the requests between both; empty without a gateway: the pods count."""
    rollout: str = ""
    """What tells this try of the candidate from an earlier one of the same revision, as the time of its beginning."""
    since: datetime | None = None
    """When this weight was decided: what ended since counts, also where nobody was there to see it."""
    asked: int = 0
    """Counts the weights that were asked for: with each the users' requests are counted anew."""
    longest: float = 10.0
    """Seconds that a request may take: one that is unanswered for longer has no answer to come."""


class FaultReason(StrEnum):
    """What needs no statistics."""

    CRASHES = "CandidateCrashes"
    LOST_READINESS = "CandidateLostReadiness"
    DOES_NOT_ANSWER = "CandidateDoesNotAnswer"
    HANGS = "CandidateHangs"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the candidate fails though no counter shows it."""

    reason: FaultReason
    message: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What has been seen of a trial so far."""

    at: datetime | None = None
    """When somebody was looked at last."""
    source: str = ""
    """Who counts users' requests and decides on availability: `Gateway` or `Pods`. Latency is always the pods'."""
    judged: Mapping[str, Judgement] = field(default_factory=dict)
    """By SLO, at the last look."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """The gates' states for the status, by SLO."""
    fault: Fault | None = None
    candidate: Counts = NONE
    """Users' requests to the candidate since this weight was asked for or this step became true, as an availability
    counts them, whether the resource has such an SLO or not. As far as this operator has counted them."""
    stable: Counts = NONE
    """The same of stable."""
    lost: Mapping[str, float] = field(default_factory=dict)
    """Bad requests of the candidate since the rollout began, by SLO, as far as an operator has counted them."""
    blind: str = ""
    """Why one of both sides has not been seen for some seconds; empty while both are."""
