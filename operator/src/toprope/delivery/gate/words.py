"""What a verdict stands on: numbers for programs, a sentence for people."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toprope.delivery.gate.advance import times_worse
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.outlook import until_pass
from toprope.delivery.gate.rules import FALSE_FAIL, FALSE_PASS, Rules
from toprope.delivery.gate.state import Span, State, so_far
from toprope.delivery.gate.verdict import Reason, Verdict, decided

_LOOKS_BACK = (Reason.WORLD_ILL, Reason.WORSE_UNPROVEN)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what it stands on."""

    verdict: Verdict
    reason: Reason
    message: str
    evidence: Mapping[str, Any]
    """`toFail` (by the objective, beside stable) and `toPass` are shares of a proof, 0 to 1."""


def judgement(rules: Rules, state: State) -> Judgement:
    """Of one run, at its last look."""
    verdict, reason = decided(rules, state)
    looks_back = verdict is Verdict.FAIL or reason in _LOOKS_BACK
    span = state.recent if looks_back else state.step
    told = _Told(rules, state, so_far(state, span))
    return Judgement(verdict, reason, _sentence(told, verdict, reason), _numbers(told, verdict))


@dataclass(frozen=True, slots=True)
class _Told:
    rules: Rules
    state: State
    span: Span

    @property
    def stable(self) -> Counts:
        beside = self.state.beside
        return beside.past if beside.rests else self.span.stable

    @property
    def counted(self) -> str:
        """`27 bad of 1,904, stable had 3 of 17,200 in the same time`."""
        own = f"{_count(self.span.candidate.bad)} bad of {_count(self.span.candidate.total)}"
        if self.state.beside.is_alone:
            return own
        when = "its last hour" if self.state.beside.rests else "the same time"
        return f"{own}, stable had {_count(self.stable.bad)} of {_count(self.stable.total)} in {when}"


def _sentence(told: _Told, verdict: Verdict, reason: Reason) -> str:
    if verdict is Verdict.FAIL:
        return f"{told.counted}: {_worse(told)}"
    if verdict is Verdict.PASS:
        would = told.span.candidate.total * told.rules.failing[0]
        return f"{told.counted}: a bad one would have had about {would:,.0f}, sure to 1 in {1 / FALSE_PASS:.0f}"
    if reason is Reason.WORLD_ILL:
        return f"{told.counted}: both burn their budgets too fast, so this release is not to blame"
    if reason is Reason.WORSE_UNPROVEN:
        return f"{told.counted}: more than the objective allows, but not proven worse than stable"
    if told.span.candidate.total == 0:
        return "The candidate has had no request yet"
    return f"{told.counted}: {_waits(told)}"


def _worse(told: _Told) -> str:
    if told.state.beside.is_alone:
        allowed = told.span.candidate.total * told.rules.budget
        return f"the objective allows {allowed:,.1f}, {_sure(told)}; there is no stable to compare with"
    times = times_worse(told.rules, told.state)
    return f"at least {times:.0f} times worse, {_sure(told)}" if times > 1 else f"worse, {_sure(told)}"


def _sure(told: _Told) -> str:
    return f"sure to 1 in {told.rules.slos / FALSE_FAIL:.0f}"


def _waits(told: _Told) -> str:
    more = until_pass(told.rules, told.state)
    alone = "no stable to compare with, " if told.state.beside.is_alone else ""
    if math.isinf(more):
        return f"{alone}too bad to pass, too little to fail"
    return f"{alone}too little to say, about {_roughly(more)} requests more if it goes on like this"


def _roughly(number: float) -> str:
    return f"{float(f'{number:.2g}'):,.0f}"


def _numbers(told: _Told, verdict: Verdict) -> dict[str, Any]:
    state, rules, stable = told.state, told.rules, told.stable
    weights = state.weights
    return {
        "candidate": _counts(told.span.candidate),
        "stable": None if state.beside.is_alone else _counts(stable),
        "since": told.span.since,
        "toFail": {
            "absolute": _share(weights.absolute, rules.proof),
            "relative": _share(weights.relative, rules.proof),
        },
        "toPass": _share(weights.good, rules.proof_of_good),
        "timesWorse": times_worse(rules, state) if verdict is Verdict.FAIL and not state.beside.is_alone else None,
        "dispersion": round(state.dispersion, 3),
    }


def _counts(counts: Counts) -> dict[str, float]:
    return {"total": _whole(counts.total), "bad": _whole(counts.bad)}


def _whole(number: float) -> float:
    """Requests are whole ones, but for those that an hour has worn away."""
    return int(number) if number == int(number) else round(number, 1)


def _share(weight: float, proof: float) -> float:
    return round(min(1.0, max(0.0, weight / proof)), 3)


def _count(number: float) -> str:
    return f"{number:,.0f}"
