"""What the evidence comes to: one word, one reason, one sentence.

both proofs at one look ─────────────────────► Fail, for good
absolute proof, and stable is ill itself ────► Undecided: WorldIll
the step has seen enough good, no absolute ──► Pass
else ────────────────────────────────────────► Undecided
"""

from enum import StrEnum

from toprope.delivery.gate.advance import is_good, is_ill_world
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import State, so_far


class Verdict(StrEnum):
    """Whether the candidate may have more traffic."""

    PASS = "Pass"  # noqa: S105 - no password
    FAIL = "Fail"
    UNDECIDED = "Undecided"


class Reason(StrEnum):
    """Why the gate says what it says."""

    WORSE_THAN_STABLE = "WorseThanStable"
    WORLD_ILL = "WorldIll"
    ENOUGH_SEEN = "EnoughSeen"
    NO_STABLE = "NoStable"
    NO_REQUESTS = "NoRequests"
    WORSE_UNPROVEN = "WorseUnproven"
    GATHERING_EVIDENCE = "GatheringEvidence"


def decided(rules: Rules, state: State) -> tuple[Verdict, Reason]:
    """Of one run, at its last look."""
    alone = state.beside.is_alone
    if state.failed:
        return Verdict.FAIL, Reason.NO_STABLE if alone else Reason.WORSE_THAN_STABLE
    if not alone and is_ill_world(rules, state.weights):
        return Verdict.UNDECIDED, Reason.WORLD_ILL
    if is_good(rules, state):
        return Verdict.PASS, Reason.NO_STABLE if alone else Reason.ENOUGH_SEEN
    return Verdict.UNDECIDED, _waits(rules, state)


def _waits(rules: Rules, state: State) -> Reason:
    if state.beside.is_alone:
        return Reason.NO_STABLE
    if so_far(state, state.step).candidate.total == 0:
        return Reason.NO_REQUESTS
    return Reason.WORSE_UNPROVEN if state.weights.absolute >= rules.proof else Reason.GATHERING_EVIDENCE
