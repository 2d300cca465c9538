"""How likely a count of bad requests is, as logarithms and up to what is the same for every hypothesis.

Errors come in bursts: one broken connection fails three requests. A negative binomial is what such a count is when
bursts come by chance and their sizes vary; its variance is φ times its mean. So a burst counts about once, however long
it is, and the ratio of two of these likelihoods is still an exact one. With φ → 1 it is Poisson's.
"""

import math
from collections.abc import Sequence

from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.maths import Number, larger, log, log_gamma

_NEXT_TO_NOTHING = 1e-9
"""Keeps the gamma function away from its pole: where nobody asked, nothing is expected."""


def negative_binomial(counts: Counts, ratios: Sequence[Number], dispersion: Number) -> list[Number]:
    """Of the bad ones, for each of these error ratios; `dispersion` (above 1) is variance over mean."""
    scale = larger(counts.total / (dispersion - 1), _NEXT_TO_NOTHING)
    each, bad = scale * log(dispersion), counts.bad
    return [_rising(scale * ratio, bad) - ratio * each for ratio in ratios]


def beta_binomial(candidate: Counts, stable: Counts, shape: Number, times: Sequence[Number]) -> list[Number]:
    """Of the bad ones at each side, given their sum, where the candidate's error ratio is so many times stable's.

    Both counts are negative binomial with one dispersion; `shape` is stable's error ratio ÷ (dispersion - 1).
    """
    bad = candidate.bad + stable.bad
    if isinstance(bad, float) and bad == 0:
        return [0.0] * len(times)
    own = larger(candidate.total * shape, _NEXT_TO_NOTHING)
    others = stable.total * shape
    return [_rising(own * each, candidate.bad) - _rising(own * each + others, bad) for each in times]


def _rising(shape: Number, bad: Number) -> Number:
    """Logarithm of Γ(shape + bad) ÷ Γ(shape)."""
    if isinstance(bad, float):
        return math.lgamma(shape + bad) - math.lgamma(shape) if bad else 0.0
    return log_gamma(shape + bad) - log_gamma(shape)
