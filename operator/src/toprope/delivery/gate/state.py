"""What a gate knows of one SLO in one rollout: small enough to keep for all of them."""

import math
from dataclasses import dataclass

from toprope.delivery.gate.counts import NONE, Counts
from toprope.delivery.gate.dispersion import Spread, dispersion
from toprope.delivery.gate.maths import Number, Truth
from toprope.delivery.gate.mixture import Mixture, begun
from toprope.delivery.gate.rules import FAILING, PASSING, TIMES
from toprope.delivery.gate.side import NEW, NO_PAST, Past, Side
from toprope.delivery.gate.stable import Stable


@dataclass(frozen=True, slots=True)
class Proofs:
    """Evidence up to the open bin."""

    absolute: Mixture
    """That the candidate is bad, by the objective."""
    relative: tuple[Mixture, ...]
    """That it is worse than so many times stable, for each of TIMES but the last."""
    ill: Mixture
    """That stable itself is bad."""
    good: Mixture
    """That the candidate is not bad, since the step became true."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Evidence at the last look, in nats."""

    absolute: Number = -math.inf
    relative: Number = -math.inf
    good: Number = -math.inf
    ill: Number = -math.inf
    """At the end of the last bin."""


NOTHING_WEIGHED = Weights()


@dataclass(frozen=True, slots=True)
class Span:
    """What both sides had in the same time, up to the open bin."""

    since: Number
    candidate: Counts = NONE
    stable: Counts = NONE


@dataclass(frozen=True, slots=True)
class State:
    """One SLO of one rollout; of many rollouts at once where the numbers are arrays (times stay plain)."""

    at: float
    """Time of the last look, in seconds."""
    since: float
    """When the open bin began."""
    proofs: Proofs
    beside: Stable
    """What is known of stable beside its counts."""
    step: Span
    """Since the step became true."""
    recent: Span
    """Since a new beginning was last worth more than all that had been seen before."""
    dispersion: Number
    """φ of the open bin, from the bins before it."""
    bins: float
    """Bins that are closed."""
    passed: Truth
    """Whether this step has passed."""
    failed: Truth
    """Whether the candidate has failed, for good."""
    candidate: Side = NEW
    stable: Side = NEW
    weights: Weights = NOTHING_WEIGHED


def so_far(state: State, span: Span) -> Span:
    """With the open bin."""
    return Span(span.since, span.candidate + state.candidate.bin, span.stable + state.stable.bin)


def begin(t: float, past: Past = NO_PAST, *, is_known: bool = True, zero: Number = 0.0) -> State:
    """When the candidate gets its first requests.

    `past` is stable's last hour, `is_known` whether stable can be counted; `zero` is an array of zeros for many runs.
    """
    bad = begun(FAILING, zero)
    never = zero > 0
    return State(
        at=t,
        since=t,
        proofs=Proofs(bad, tuple(begun(len(TIMES) - place, zero) for place in range(1, len(TIMES))), bad, even(zero)),
        beside=Stable(past.counts, (zero == 0) & is_known, was_heard=never, silence=zero, is_known=is_known),
        step=Span(t),
        recent=Span(t),
        dispersion=dispersion(Spread(zero, zero), past.spread) + zero,
        bins=0.0,
        passed=never,
        failed=never,
        stable=Side(spread=past.spread),
    )


def even(zero: Number) -> Mixture:
    """Belief in candidates that are to pass: all of it in the step that is asked."""
    return tuple(zero + belief for belief in PASSING)
