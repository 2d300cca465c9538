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
    each = scale * log(dispersion)
    rising = _rising([scale * ratio for ratio in ratios], counts.bad)
    return [rise - ratio * each for rise, ratio in zip(rising, ratios, strict=True)]


def beta_binomial(candidate: Counts, stable: Counts, shape: Number, times: Sequence[Number]) -> list[Number]:
    """Of the bad ones at each side, given their sum, where the candidate's error ratio is so many times stable's.

    Both counts are negative binomial with one dispersion; `shape` is stable's error ratio ÷ (dispersion - 1).
    """
    own = larger(candidate.total * shape, _NEXT_TO_NOTHING)
    shapes, others = [own * each for each in times], stable.total * shape
    ours = _rising(shapes, candidate.bad)
    both = _rising([each + others for each in shapes], candidate.bad + stable.bad)
    return [one - whole for one, whole in zip(ours, both, strict=True)]


def _rising(shapes: Sequence[Number], bad: Number) -> list[Number]:
    """Logarithms of Γ(shape + bad) ÷ Γ(shape)."""
    if not isinstance(bad, float):
        return [log_gamma(shape + bad) - log_gamma(shape) for shape in shapes]
    return [math.lgamma(shape + bad) - math.lgamma(shape) for shape in shapes] if bad else [0.0] * len(shapes)
