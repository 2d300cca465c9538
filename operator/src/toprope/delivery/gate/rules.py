"""What is asked of a candidate, in numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from toprope.delivery.gate.maths import Number, larger, smaller

FALSE_FAIL = 0.005
"""alpha: how often a candidate that is not bad may fail, over all looks and SLOs of a gate."""
FALSE_PASS = 0.005
"""beta: how often a bad one may pass."""
UNSURE = FALSE_FAIL / 10
"""Of alpha, what is given to stable's own error ratio where that has to be taken from its past."""
TIMES = (1.0, 3.0, 10.0, 30.0, 300.0)
"""How many times worse than stable a candidate may be: each is denied in favour of those above it."""
FAILING = 3
"""How many error ratios stand for bad candidates."""
_PASSING = {0.05: 0.25, 0.35: 0.25, 1.0: 0.5}
"""Burn rates of those that are to pass, and the belief in each: most in the one that takes longest."""
PASSING = tuple(math.log(belief) for belief in _PASSING.values())
"""Logarithms of the belief in each."""


@dataclass(frozen=True)
class Rules:
    """One SLO of a gate. Budget and burn rate may be arrays, as the counts."""

    budget: Number
    """Error budget, 0 to 1: 99.9 % leaves 0.001."""
    fail_burn_rate: Number = 4.0
    """A candidate that burns its budget so many times too fast is bad."""
    slos: int = 1
    """SLOs of the gate, which share alpha: each of them may fail the candidate."""

    @cached_property
    def failing(self) -> Sequence[Number]:
        """Error ratios of bad candidates: at the burn rate, half of all requests, and between the two.

        Where the burn rate would ask for more bad requests than there are, bad is nine tenths of what is left.
        """
        bad = smaller(self.budget * self.fail_burn_rate, 0.9 + 0.1 * self.budget)
        half = larger(bad, 0.5)
        return (bad, (bad * half) ** 0.5, half)

    @cached_property
    def passing(self) -> Sequence[Number]:
        """Error ratios of candidates that are to pass."""
        return tuple(self.budget * burn for burn in _PASSING)

    @cached_property
    def proof(self) -> float:
        """Evidence in nats that fails a candidate."""
        return math.log(self.slos / (FALSE_FAIL - UNSURE))

    @cached_property
    def proof_of_good(self) -> float:
        """Evidence in nats that passes one."""
        return -math.log(FALSE_PASS)
