"""How likely a count of bad requests is, as logarithms and up to what is the same for every hypothesis.

Errors come in bursts: one broken connection fails three requests. A negative binomial is what such a count is when
bursts come by chance and their sizes vary; its variance is φ times its mean. So a burst counts about once, however long
it is, and the ratio of two of these likelihoods is still an exact one. With φ → 1 it is Poisson's.
"""

from toprope.delivery.gate.maths import Number, larger, log, log_gamma

_NEXT_TO_NOTHING = 1e-9
"""Keeps the gamma function away from its pole: where nobody asked, nothing is expected."""


def negative_binomial(bad: Number, mean: Number, dispersion: Number) -> Number:
    """Of `bad`, where `mean` are expected and the variance is `dispersion` (above 1) times the mean."""
    shape = larger(mean / (dispersion - 1), _NEXT_TO_NOTHING)
    return _rising(shape, bad) - shape * log(dispersion)


def beta_binomial(bad: Number, other: Number, shape: Number, other_shape: Number) -> Number:
    """Of `bad` here and `other` there, given their sum: both negative binomial with one dispersion.

    The shapes are those of the two: mean over dispersion - 1.
    """
    shape = larger(shape, _NEXT_TO_NOTHING)
    return _rising(shape, bad) - _rising(shape + other_shape, bad + other)


def _rising(shape: Number, bad: Number) -> Number:
    """Logarithm of Γ(shape + bad) ÷ Γ(shape)."""
    if isinstance(bad, float) and bad == 0:
        return 0.0
    return log_gamma(shape + bad) - log_gamma(shape)
