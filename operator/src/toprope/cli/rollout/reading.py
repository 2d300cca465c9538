"""A rollout as its resource's status tells of it at one moment, whatever the kind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from toprope.core.conditions import moment
from toprope.core.objects import Manifest, Ref, annotations_of
from toprope.delivery.history import RecordStatus
from toprope.delivery.machine.facts import hold_of
from toprope.delivery.machine.moved import is_shared
from toprope.delivery.machine.reasons import UNPAID, Reason
from toprope.delivery.machine.rollout import WHOLE, Command, Phase, Policy, Rollout
from toprope.delivery.machine.weights import parts_of
from toprope.delivery.orders import annotation, names, orders
from toprope.delivery.policy import policy_of, rules_of
from toprope.delivery.spec import RevisionStatus, RolloutSpec, RolloutStatus
from toprope.delivery.split import split
from toprope.kind import Kind
from toprope.slo.status import SloStatus

_STANDS = (Reason.PAUSED, *UNPAID)
"""No time that passes ends these."""


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
    """How the resource wants to be released today, in the shares that can be had and are paid for."""

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

    @property
    def waits_for_budget(self) -> bool:
        """Whether only an error budget, or a person, lets it go on."""
        return self.candidate is not None and (self.phase == Phase.FROZEN or self.rollout.reason in UNPAID)

    def tells(self, command: Command) -> bool:
        """Whether this order stands, for this try of the candidate."""
        return command in orders(annotations_of(self.live), self.candidate, self.rollout.earlier_orders or ())

    def is_worn(self, command: Command) -> bool:
        """Whether it stands for the candidate, but from an earlier try: only another value would be an order."""
        return names(self.noted(command), self.candidate) and not self.tells(command)

    def noted(self, command: Command) -> str:
        """The order's annotation, whomever it names; empty where there is none."""
        return annotations_of(self.live).get(annotation(command), "")


def reading(kind: Kind, live: Manifest) -> Reading:
    """Of the object as it was read."""
    said = live.get("status") or {}
    spec = _spec(kind, live)
    asked = Reading(
        kind=kind,
        live=live,
        revision=RevisionStatus.model_validate(said.get("revision") or {}),
        rollout=RolloutStatus.model_validate(said.get("rollout") or {}),
        records=[RecordStatus.model_validate(one) for one in said.get("history") or ()],
        slos=[SloStatus.model_validate(one) for one in said.get("slos") or ()],
        policy=_policy(spec, live) if spec else Policy(),
    )
    return replace(asked, policy=_paid_for(asked, spec.rollout)) if spec else asked


def _spec(kind: Kind, live: Manifest) -> Any:
    """Of a spec that the operator cannot read either nothing is known."""
    try:
        return kind.spec.model_validate(live.get("spec") or {})
    except ValidationError:
        return None


def _policy(spec: Any, live: Manifest) -> Policy:
    objectives = {slo.name: slo.objective for slo in spec.slos if slo.has_now}
    asked = policy_of(spec.rollout, is_judged=bool(rules_of(spec.rollout, objectives)))
    return asked if spec.traffic else split(asked, _stable_pods(live))


def _stable_pods(live: Manifest) -> int:
    """Without a gateway shares are those of whole pods beside these."""
    replicas = (live.get("status") or {}).get("replicas") or {}
    return max(1, int(replicas.get("wanted") or 1))


def _paid_for(asked: Reading, spec: RolloutSpec) -> Policy:
    """With the largest weight that the budgets pay for: whose steps are named, and who is let go on, is not held."""
    if spec.steps or not asked.policy.steps or asked.tells(Command.UNFREEZE):
        return asked.policy
    binding = [one for one in asked.rollout.budget if one.most and (spec.freeze != "Never" or float(one.given or 0))]
    return replace(asked.policy, most=min((parts_of(str(one.most)) for one in binding), default=WHOLE))


def since(text: str | None, now: datetime) -> timedelta | None:
    """How long ago that was; None where nobody said when."""
    return max(now - moment(text), timedelta(0)) if text else None


def left(one: Reading, now: datetime) -> timedelta | None:
    """What is left of the span that runs: of getting ready, of a step's hold, of the bake. None where none runs."""
    began, span = _span(one) if one.rollout.reason not in _STANDS else (None, timedelta(0))
    return max(moment(began) + span - now, timedelta(0)) if began else None


def _span(one: Reading) -> tuple[str | None, timedelta]:
    match one.phase:
        case Phase.PREPARING if one.rollout.reason == Reason.CANDIDATE_NOT_READY:
            return one.rollout.unready_since, one.policy.ready_within
        case Phase.HOLDING:
            return one.rollout.since, hold(one)
        case Phase.BAKING:
            return one.rollout.routed, one.policy.bake
    return None, timedelta(0)


def hold(one: Reading) -> timedelta:
    """How long this weight is held."""
    return hold_of(Rollout(weight=one.weight), one.policy)


def place(one: Reading) -> str:
    """Which step of how many this is: `step 2 of 3`. How many there will be nobody knows where a budget cuts them."""
    if one.weight == WHOLE:
        return "all steps done"
    weights = [step.weight for step in one.policy.steps]
    is_known = one.weight in weights and one.policy.most == WHOLE
    return f"step {weights.index(one.weight) + 1} of {len(weights)}" if is_known else f"step {one.rollout.step or 0}"
