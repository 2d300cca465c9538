"""Logarithms of large numbers, for one run (floats) or for thousands at once (arrays).

An array is whatever speaks the array API standard, as those of numpy do; it brings its own functions with it
(`__array_namespace__`), so nothing is imported for it and an operator never loads numpy. A float goes to `math`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

Number = Any
"""A float, or an array of floats with one entry for each run."""
Truth = Any
"""A bool, or an array of them."""

_PLAIN = (float, int)
_SHIFT = 7
"""Stirling's series has fourteen digits from here on."""
_HALF_LOG_TAU = math.log(2 * math.pi) / 2


def log(x: Number) -> Number:
    """The natural logarithm."""
    return math.log(x) if isinstance(x, _PLAIN) else x.__array_namespace__().log(x)


def log_gamma(x: Number) -> Number:
    """The logarithm of the gamma function, for x > 0."""
    if isinstance(x, _PLAIN):
        return math.lgamma(x)
    rising = x
    for step in range(1, _SHIFT):
        rising = rising * (x + step)
    y = x + _SHIFT
    inverse = 1 / y
    series = inverse * (1 / 12 - inverse**2 * (1 / 360 - inverse**2 * (1 / 1260 - inverse**2 / 1680)))
    return (y - 0.5) * log(y) - y + _HALF_LOG_TAU + series - log(rising)


def log_sum(logs: Sequence[Number]) -> Number:
    """The logarithm of the sum of what these are the logarithms of."""
    if isinstance(logs[0], _PLAIN):
        highest = max(logs)
        return highest + math.log(sum([math.exp(each - highest) for each in logs]))
    top = logs[0]
    for each in logs[1:]:
        top = larger(top, each)
    exp = top.__array_namespace__().exp
    return top + log(sum(exp(each - top) for each in logs))


def larger(a: Number, b: Number) -> Number:
    """Of two the larger one, entry by entry."""
    return max(a, b) if isinstance(a, _PLAIN) and isinstance(b, _PLAIN) else either(a >= b, lambda: a, lambda: b)


def smaller(a: Number, b: Number) -> Number:
    """Of two the smaller one, entry by entry."""
    return min(a, b) if isinstance(a, _PLAIN) and isinstance(b, _PLAIN) else either(a <= b, lambda: a, lambda: b)


def either(truth: Truth, this: Callable[[], Number], that: Callable[[], Number]) -> Number:
    """`this` where it is true, else `that`; of a single run only the one that counts is reckoned."""
    if isinstance(truth, bool):
        return this() if truth else that()
    return truth.__array_namespace__().where(truth, this(), that())


def chosen(
    truth: Truth, these: Callable[[], Sequence[Number]], those: Callable[[], Sequence[Number]]
) -> Sequence[Number]:
    """The same of several numbers each."""
    if isinstance(truth, bool):
        return these() if truth else those()
    where = truth.__array_namespace__().where
    return [where(truth, this, that) for this, that in zip(these(), those(), strict=True)]
