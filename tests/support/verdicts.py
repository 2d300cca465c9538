"""A port `Now` whose verdicts are written down beforehand: so many steps pass, and then one fails."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from toprope.core.resource import Resource
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.verdict import Reason, Verdict
from toprope.delivery.gate.words import Judgement
from toprope.delivery.machine.reasons import Reason as Moved
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.delivery.machine.weights import parts_of
from toprope.delivery.spec import RolloutStatus
from toprope.delivery.trial import Fault, FaultReason, Looked, Trial

GOOD = Judgement(Verdict.PASS, Reason.ENOUGH_SEEN, "2 bad of 12,000: a bad one would have had about 48", {})
BAD = Judgement(Verdict.FAIL, Reason.WORSE_THAN_STABLE, "27 bad of 1,904: at least 10 times worse", {})
OPEN = Judgement(Verdict.UNDECIDED, Reason.GATHERING_EVIDENCE, "0 bad of 900: too little to say", {})
CRASHED = Fault(FaultReason.CRASHES, "Pod links-web-1 restarted once in this rollout.")
NEVER = 99


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Steps that became true are judged good at the second look, from `fails` on bad at the first. Requests come in the
    very shares that stand in the status."""

    fails: int = NEVER
    fails_baking: bool = False
    crashes: int = NEVER
    """The step from which on pods crash, whatever the gate says."""

    def of(self, resource: Resource, trial: Trial) -> Looked:
        """As of today's step, whoever asks and however often."""
        is_bad = trial.step >= self.fails or (self.fails_baking and trial.is_bake)
        told = resource.status.rollout or RolloutStatus()
        is_new = told.phase == Phase.SHIFTING or told.reason == Moved.STEP_TRUE
        judged = BAD if is_bad else OPEN if is_new else GOOD
        weight = parts_of(told.weight or "0%")
        return Looked(
            source="Gateway",
            judged=dict.fromkeys(trial.rules, judged),
            kept=dict.fromkeys(trial.rules, "{}"),
            fault=CRASHED if trial.step >= self.crashes else None,
            candidate=Counts(float(weight), 0.0),
            stable=Counts(float(WHOLE - weight), 0.0),
        )


@dataclass(slots=True)
class OneLife:
    """The same as one operator sees it: what is bad shows while the candidate has requests, and is remembered for as
    long as that operator lives."""

    verdicts: Verdicts
    has_requests: Callable[[Trial], bool]
    remembered: set[str] = field(default_factory=set)
    """Tries that were bad."""

    def of(self, resource: Resource, trial: Trial) -> Looked:
        """As of today's step, as far as it can be seen or is remembered."""
        looked = self.verdicts.of(resource, trial)
        if looked.fault is None and BAD not in looked.judged.values():
            return looked
        if self.has_requests(trial):
            self.remembered.add(trial.rollout)
        if trial.rollout in self.remembered:
            return looked
        return replace(looked, judged=dict.fromkeys(trial.rules, OPEN), fault=None)
