"""Kubernetes quantities: compared exactly, and written as the API server writes them back.

A child that says `1000m` comes back as `1` and would look edited for ever, so what is rendered is canonical.
"""

from fractions import Fraction
from functools import lru_cache
from math import ceil

_BINARY = {f"{letter}i": 1024**power for power, letter in enumerate("KMGTPE", start=1)}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_UNITS: dict[str, Fraction] = {
    **{suffix: Fraction(10) ** power for suffix, power in _DECIMAL.items()},
    **{suffix: Fraction(size) for suffix, size in _BINARY.items()},
}
_FINEST = _UNITS["n"]


@lru_cache(maxsize=4096)
def amount(quantity: str) -> Fraction:
    """The number that a quantity stands for; ValueError when it is none."""
    number = quantity.rstrip("numkKMGTPEi")
    suffix = quantity[len(number) :]
    if suffix not in _UNITS:
        raise ValueError(f"{quantity!r} is no quantity: {suffix!r} is no unit")
    return Fraction(number) * _UNITS[suffix]


@lru_cache(maxsize=4096)
def canonical(quantity: str) -> str:
    """The same amount as the API server writes it: a whole number with the largest unit that allows one.

    Binary units stay binary, except below 1024 and for fractions; nothing is finer than a billionth.
    """
    value = ceil(amount(quantity) / _FINEST) * _FINEST
    if value == 0:
        return "0"
    binary = quantity.endswith("i") and value >= 1024 and value.denominator == 1
    units = [*reversed(_BINARY), ""] if binary else [*reversed(_DECIMAL)]
    suffix = next(unit for unit in units if (value / _UNITS[unit]).denominator == 1)
    return f"{value / _UNITS[suffix]}{suffix}"


def mebibytes(quantity: str) -> int:
    """Whole mebibytes of an amount of bytes, at least one."""
    return max(1, int(amount(quantity) // _BINARY["Mi"]))
