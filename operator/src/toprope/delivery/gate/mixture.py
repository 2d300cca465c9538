"""Evidence that may begin at any time.

A candidate turns bad when it likes. Evidence that began an hour ago has an hour of good requests to outweigh; evidence
that begins now has not. So one unit of belief is spread over all bins in which it could begin, and over hypotheses:

    S ← (S + w) · LR at each bin, Σ w ≤ 1, and proof at S ≥ 1/alpha

Each LR is 1 on average where the candidate is not bad, so S is on average at most what was put in, and by Ville's
inequality reaches 1/alpha with a probability of at most alpha, however often one looks and however long.
"""

import math
from collections.abc import Sequence

from toprope.delivery.gate.maths import Number, log, log_sum, smaller

FIRST = math.log(0.5)
"""Half of the belief goes to a candidate that is bad from the beginning."""

Mixture = tuple[Number, ...]
"""Logarithms of S + w by hypothesis: what the next LR is multiplied with."""


def begun(hypotheses: int, zero: Number = 0.0) -> Mixture:
    """Before the first bin; `zero` is an array of zeros for many runs."""
    return (zero + FIRST - math.log(hypotheses),) * hypotheses


def weighed(mixture: Mixture, ratios: Sequence[Number]) -> Number:
    """The evidence of all hypotheses together, in nats, with an open bin as far as it has come."""
    return log_sum([each + ratio for each, ratio in zip(mixture, ratios, strict=True)])


def gone_on(mixture: Mixture, ratios: Sequence[Number], bins: Number, most: float) -> Mixture:
    """After a bin; `bins` with it, at least 1. More than `most` nats are not kept."""
    begins = fresh(bins) - math.log(len(mixture))
    return tuple(log_sum((smaller(each + ratio, most), begins)) for each, ratio in zip(mixture, ratios, strict=True))


def fresh(bins: Number) -> Number:
    """Logarithm of the belief that evidence begins after so many bins: ½ · (g(k-1) - g(k)), g(k) = 1 ÷ (1 + ln(1 + k)).

    It falls so slowly that a change after an hour costs 10 nats and one after a day 14, and it has no end: nobody has
    to say beforehand how long a rollout will take.
    """
    return FIRST + log(1 / (1 + log(bins)) - 1 / (1 + log(1 + bins)))
