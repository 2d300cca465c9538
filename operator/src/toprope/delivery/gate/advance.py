"""How a look moves what is known.

    look ──► the open bin grows ──► evidence as of now ──► passed? failed?
                   │
                   └─ ten seconds old ──► closed: evidence goes on, φ is reckoned anew, the next bin opens

Evidence of an open bin is that of its counts so far, so nothing waits for ten seconds; they are the length of a burst
that counts once, and the grain in which a candidate may have turned bad. Fail needs both proofs at one look: what an
ill world proved an hour ago must not add to what stable's better luck proves now.
"""

from dataclasses import dataclass, replace

from toprope.delivery.gate import evidence
from toprope.delivery.gate.counts import NONE, Counts
from toprope.delivery.gate.dispersion import OWN_PAIR, dispersion
from toprope.delivery.gate.evidence import Look, Ratios, worse_than
from toprope.delivery.gate.maths import Number, Truth, either
from toprope.delivery.gate.mixture import fresh, gone_on, weighed
from toprope.delivery.gate.rules import TIMES, Rules
from toprope.delivery.gate.side import Past, closed, counted
from toprope.delivery.gate.stable import gone_by
from toprope.delivery.gate.state import Proofs, Span, State, Weights, even, so_far

BIN = 10.0
"""Seconds after which the next look closes a bin."""
HEADROOM = 3.0
"""Nats beyond proof that are kept (e³ is twenty times): an ill hour must be forgotten soon after it has passed."""


@dataclass(frozen=True, slots=True)
class _Ratios:
    """What the open bin says."""

    absolute: Ratios
    times_stable: Ratios
    good: Ratios


def advance(rules: Rules, before: State, t: float, candidate: Counts, stable: Counts | None) -> State:
    """After a look at `t` that found so many new requests; `stable` is None where nobody could count it."""
    if before.failed is True:
        return replace(before, at=t)
    judged, ratios = _judged(rules, _knowing(before, stable is not None), t, candidate, stable or NONE)
    return _closed(rules, judged, ratios) if t - before.since >= BIN and judged.failed is not True else judged


def is_proven_bad(rules: Rules, weights: Weights) -> Truth:
    """By its objective and beside stable, at one and the same look."""
    return (weights.absolute >= rules.proof) & (weights.relative >= rules.proof)


def is_ill_world(rules: Rules, weights: Weights) -> Truth:
    """Whether candidate and stable are both proven bad by the objective."""
    return (weights.absolute >= rules.proof) & (weights.ill >= rules.proof)


def is_good(rules: Rules, state: State) -> Truth:
    """Whether it has passed, and nothing proves by now that it burns its budget: what it was good for is over then,
    though it may take longer to prove it worse than stable."""
    return state.passed & (state.weights.absolute < rules.proof)


def times_worse(rules: Rules, state: State) -> float:
    """More than so many times stable's error ratio, as sure as Fail; 0 where nothing is proven."""
    likely, sure = _of_bin(rules, state).times_stable, 0.0
    for place, mixture in enumerate(state.proofs.relative):
        if weighed(mixture, worse_than(place, likely)) < rules.proof:
            return sure
        sure = TIMES[place]
    return sure


def next_step(rules: Rules, state: State) -> State:
    """When the next step is true: Pass is asked anew, Fail goes on looking back."""
    ended = _ended(rules, state)
    zero = 0.0 * ended.dispersion
    return replace(
        ended,
        step=Span(state.at),
        proofs=replace(ended.proofs, good=even(zero)),
        weights=replace(ended.weights, good=zero),
        passed=zero > 0,
    )


def bake(rules: Rules, state: State, last_hour: Past | None = None) -> State:
    """When all requests go to the candidate: stable's last hour is the measure, as it was counted here or is given."""
    rested = next_step(rules, state)
    counts = last_hour.counts if last_hour else rested.beside.past
    away = rested.dispersion < 0
    return replace(rested, beside=replace(rested.beside, past=counts, is_there=away, rests=True))


def _knowing(state: State, is_known: bool) -> State:
    return (
        state if state.beside.is_known is is_known else replace(state, beside=replace(state.beside, is_known=is_known))
    )


def _judged(rules: Rules, known: State, t: float, candidate: Counts, stable: Counts) -> tuple[State, _Ratios]:
    own, others = counted(known.candidate, candidate), counted(known.stable, stable)
    ratios = _ratios(rules, known, own.bin, others.bin)
    weights = Weights(
        weighed(known.proofs.absolute, ratios.absolute),
        weighed(known.proofs.relative[0], worse_than(0, ratios.times_stable)),
        weighed(known.proofs.good, ratios.good),
        known.weights.ill,
    )
    judged = replace(
        known,
        at=t,
        candidate=own,
        stable=others,
        weights=weights,
        passed=known.passed | (weights.good >= rules.proof_of_good),
        failed=known.failed | is_proven_bad(rules, weights),
    )
    return judged, ratios


def _ratios(rules: Rules, state: State, candidate: Counts, stable: Counts) -> _Ratios:
    return _Ratios(
        evidence.absolute(candidate, rules, state.dispersion),
        evidence.times_stable(Look(candidate, stable, state.dispersion, state.beside, rules.budget)),
        evidence.good(candidate, rules, state.dispersion),
    )


def _of_bin(rules: Rules, state: State) -> _Ratios:
    return _ratios(rules, state, state.candidate.bin, state.stable.bin)


def _ended(rules: Rules, state: State) -> State:
    """With the open bin closed before its time."""
    return _closed(rules, state, _of_bin(rules, state))


def _closed(rules: Rules, state: State, ratios: _Ratios) -> State:
    bins = state.bins + 1
    candidate, stable = closed(state.candidate, OWN_PAIR), closed(state.stable)
    ill = evidence.absolute(stable.before, rules, state.dispersion)
    return replace(
        state,
        since=state.at,
        proofs=_gone_on(rules, state.proofs, ratios, ill, bins),
        weights=replace(state.weights, ill=weighed(state.proofs.ill, ill)),
        beside=gone_by(state.beside, candidate.before, stable.before, state.at - state.since),
        step=so_far(state, state.step),
        recent=_recent(state, bins),
        dispersion=dispersion(candidate.spread, stable.spread),
        bins=bins,
        candidate=candidate,
        stable=stable,
    )


def _gone_on(rules: Rules, proofs: Proofs, ratios: _Ratios, ill: Ratios, bins: float) -> Proofs:
    most = rules.proof + HEADROOM
    return Proofs(
        gone_on(proofs.absolute, ratios.absolute, bins, most),
        tuple(
            gone_on(each, worse_than(place, ratios.times_stable), bins, most)
            for place, each in enumerate(proofs.relative)
        ),
        gone_on(proofs.ill, ill, bins, most),
        tuple(each + ratio for each, ratio in zip(proofs.good, ratios.good, strict=True)),
    )


def _recent(state: State, bins: float) -> Span:
    begins = state.weights.absolute <= fresh(bins)
    span = so_far(state, state.recent)

    def kept(number: Number) -> Number:
        return either(begins, lambda: 0.0, lambda: number)

    return Span(
        either(begins, lambda: state.at, lambda: span.since),
        Counts(kept(span.candidate.total), kept(span.candidate.bad)),
        Counts(kept(span.stable.total), kept(span.stable.bad)),
    )
