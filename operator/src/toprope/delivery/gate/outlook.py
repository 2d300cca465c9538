"""How long a verdict will take."""

import math
from dataclasses import dataclass

from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.evidence import absolute, good
from toprope.delivery.gate.mixture import fresh
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import State, so_far

_HOPED = 0.35
"""Burn rate that is expected of a candidate as long as it has shown little."""
_LITTLE = 2.0
"""Budgets (1 ÷ budget requests each) that this expectation is worth."""
_MANY = 100.0
"""Budgets over which evidence is averaged: bursts are many then, as in the long run."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Requests of the candidate's that a verdict still takes, on average."""

    to_pass: float
    """While it goes on as so far; infinite where that is too bad to pass."""
    to_fail: float
    """Should it be as bad as `failBurnRate` from now on, and stable much better."""

    def seconds(self, rate: float) -> float:
        """Until the first of both, at so many of its requests a second."""
        return min(self.to_pass, self.to_fail) / rate if rate > 0 else math.inf


def outlook(rules: Rules, state: State) -> Outlook:
    """Of one run at its last look."""
    return Outlook(until_pass(rules, state), until_fail(rules, state))


def until_pass(rules: Rules, state: State) -> float:
    """Requests until the step passes, as far as the candidate goes on as so far."""
    many, seen = _MANY / rules.budget, so_far(state, state.step).candidate
    ratio = (seen.bad + _LITTLE * _HOPED) / (seen.total + _LITTLE / rules.budget)
    gained = max(good(Counts(many, many * ratio), rules, state.dispersion)) / many
    return _still(0.0 if state.passed else rules.proof_of_good - max(state.weights.good, 0.0), gained)


def until_fail(rules: Rules, state: State) -> float:
    """Requests until it fails, should it be bad from now on."""
    many = _MANY / rules.budget
    gained = max(absolute(Counts(many, many * rules.failing[0]), rules, state.dispersion)) / many
    proven = max(state.weights.absolute, fresh(max(state.bins, 1.0)))
    return _still(0.0 if state.failed else rules.proof - proven, gained)


def _still(missing: float, gained: float) -> float:
    if missing <= 0:
        return 0.0
    return missing / gained if gained > 0 else math.inf
