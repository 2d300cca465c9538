"""A rollout as its resource's status tells of it at one moment, whatever the kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from toprope.core.conditions import moment
from toprope.core.objects import Manifest, Ref, annotations_of
from toprope.delivery.history import RecordStatus
from toprope.delivery.machine.facts import hold_of
from toprope.delivery.machine.moved import is_shared
from toprope.delivery.machine.rollout import WHOLE, Command, Phase, Policy, Rollout
from toprope.delivery.machine.weights import parts_of
from toprope.delivery.orders import annotation, orders
from toprope.delivery.policy import policy_of, rules_of
from toprope.delivery.spec import RevisionStatus, RolloutStatus
from toprope.kind import Kind
from toprope.slo.status import SloStatus


@dataclass(frozen=True, slots=True)
class Reading:
    """One look."""

    kind: Kind
    live: Manifest
    revision: RevisionStatus
    rollout: RolloutStatus
    records: Sequence[RecordStatus]
    """The last rollouts, the newest first."""
    slos: Sequence[SloStatus]
    policy: Policy
    """How the resource wants to be released today."""

    @property
    def ref(self) -> Ref:
        """The resource."""
        metadata = self.live["metadata"]
        return Ref(self.kind.resource, metadata["namespace"], metadata["name"])

    @property
    def phase(self) -> str:
        """Idle where nobody has said anything yet; a newer operator may say a word that this program does not know."""
        return self.rollout.phase or Phase.IDLE

    @property
    def candidate(self) -> str | None:
        """The revision that wants to serve."""
        return self.revision.candidate

    @property
    def weight(self) -> int:
        """The candidate's share of all requests, in parts of WHOLE."""
        return parts_of(self.rollout.weight or "0%")

    @property
    def is_behind(self) -> bool:
        """Whether the newest spec has not been looked at yet."""
        observed = (self.live.get("status") or {}).get("observedGeneration")
        return bool(observed != self.live["metadata"]["generation"])

    @property
    def is_over(self) -> bool:
        """Whether no candidate is on its way: none is there, or it has failed."""
        return self.candidate is None or self.phase == Phase.FAILED

    @property
    def is_shared(self) -> bool:
        """Whether the candidate has requests, so that somebody looks at it each second."""
        return self.phase in list(Phase) and is_shared(Rollout(phase=Phase(self.phase)))

    def tells(self, command: Command) -> bool:
        """Whether this order stands, for this candidate."""
        return command in orders(annotations_of(self.live), self.candidate or "")

    def noted(self, command: Command) -> str:
        """The order's annotation, whomever it names; empty where there is none."""
        return annotations_of(self.live).get(annotation(command), "")


def reading(kind: Kind, live: Manifest) -> Reading:
    """Of the object as it was read."""
    said = live.get("status") or {}
    return Reading(
        kind=kind,
        live=live,
        revision=RevisionStatus.model_validate(said.get("revision") or {}),
        rollout=RolloutStatus.model_validate(said.get("rollout") or {}),
        records=[RecordStatus.model_validate(one) for one in said.get("history") or ()],
        slos=[SloStatus.model_validate(one) for one in said.get("slos") or ()],
        policy=_policy(kind, live),
    )


def _policy(kind: Kind, live: Manifest) -> Policy:
    """Of a spec that the operator cannot read either nothing is known."""
    try:
        spec: Any = kind.spec.model_validate(live.get("spec") or {})
    except ValidationError:
        return Policy()
    objectives = {slo.name: slo.objective for slo in spec.slos if slo.has_now}
    judging = rules_of(spec.rollout, objectives)
    return policy_of(spec.rollout, is_judged=bool(judging))


def since(text: str | None, now: datetime) -> timedelta | None:
    """How long ago that was; None where nobody said when."""
    return max(now - moment(text), timedelta(0)) if text else None


def left(one: Reading, now: datetime) -> timedelta | None:
    """What is left of the span that runs in this phase: of getting ready, of a step's hold, of the bake. None where
    none runs."""
    began, span = _span(one)
    return max(moment(began) + span - now, timedelta(0)) if began else None


def _span(one: Reading) -> tuple[str | None, timedelta]:
    match one.phase:
        case Phase.PREPARING:
            return one.rollout.since, one.policy.ready_within
        case Phase.HOLDING:
            return one.rollout.since, hold(one)
        case Phase.BAKING:
            return one.rollout.routed, one.policy.bake
    return None, timedelta(0)


def hold(one: Reading) -> timedelta:
    """How long this weight is held."""
    return hold_of(Rollout(weight=one.weight), one.policy)


def place(one: Reading) -> str:
    """Which step of how many this is: `step 2 of 3`."""
    if one.weight == WHOLE:
        return "all steps done"
    weights = [step.weight for step in one.policy.steps]
    number = one.rollout.step or 0
    return f"step {weights.index(one.weight) + 1} of {len(weights)}" if one.weight in weights else f"step {number}"
