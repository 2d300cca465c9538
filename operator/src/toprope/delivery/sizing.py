"""What a rollout may spend: the largest weight that the error budget pays for, should the candidate be wholly broken.

    left of the budget · budgetShare = what the rollout is given, what it has lost included
                                                                             ≥
    bad requests until the gate fails it + requests a second · weight · seconds until the route is without it

It is asked anew at each look, and of every step alike, the last one included: who passed at half of the requests is
not broken, but may break by the other half.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import ceil, floor, log2, log10, sqrt

from toprope.delivery.gate.advance import BIN
from toprope.delivery.gate.cost import Broken, until_fail
from toprope.delivery.gate.rules import Rules
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.machine.weights import percent

UNTIL_ROUTED = 8.0
"""Seconds from a bad request to the last process of the gateway without the candidate: up to 1 until the next look, 0.8
for its answers, 1 for a pass, 2 until the gateway has accepted the route, 3 until all of it has it; rounded up."""
WEIGHTS = (*(parts * ten for ten in (100, 1000, 10_000) for parts in (1, 2, 3, 5, 7)), WHOLE)
"""What is asked for, one after the other. Below a thousandth of the requests a verdict takes longer than anybody waits.
"""
LEAST_DISPERSION = 3.0
"""φ that is reckoned with at least: a rollout learns of bursts while it spends."""
LEAST_LUMP = 4.0
"""Bad requests that come at once where hardly any come: a page with its pictures, a client that tries again."""
_SURE = 3.0
"""Standard deviations of a count that are paid for beyond its mean."""
_NOTHING = 1e-9
_MANY = 2000.0
"""More in one bin change nothing: they fail any candidate."""
_STILL = 1.2
"""A rate that was rounded up stays as long as it is not a fifth too high: traffic trembles all the time."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one SLO, rounded to two digits against the rollout."""

    left: float
    """Bad requests that its budget still allows: the least since the rollout began."""
    rate: float
    """Requests a second that it counts."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What one SLO that judges has for one rollout, at one look."""

    slo: str
    rules: Rules
    figures: Figures | None
    """None where nothing is known."""
    share: float
    """Of what is left, 0 to 1."""
    lost: int = 0
    """Bad requests that the rollout has cost so far."""
    dispersion: float = LEAST_DISPERSION
    seconds: float = 0
    """Since the rollout began."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What that comes to."""

    slo: str
    most: int = WHOLE
    """The largest weight that is paid for, in parts of WHOLE; 0: not even one verdict."""
    message: str = ""
    """The arithmetic."""
    figures: Figures | None = None
    """None where nothing is known."""
    given: float | None = None
    """Bad requests that the rollout may cost in all."""
    needed: int | None = None
    """Bad requests until a verdict on a wholly broken candidate."""


def figures(left: float, rate: float, before: Figures | None) -> Figures:
    """Of this look; `before` is what this rollout has been reckoned with so far."""
    least, most = _rounded(max(left, 0.0), floor), _rounded(rate, ceil)
    if before is None:
        return Figures(least, most)
    is_still = rate <= before.rate <= _STILL * rate
    return Figures(min(least, before.left), before.rate if is_still else most)


def paid(purse: Purse) -> Paid:
    """The largest weight that is paid for, as all below it are."""
    if purse.figures is None:
        return Paid(purse.slo, message=f"Nothing is known of the error budget of {purse.slo}: it holds no step back.")
    given = purse.share * purse.figures.left
    most = max(takewhile(lambda weight: cost(purse, weight) <= given - purse.lost, WEIGHTS), default=0)
    message = _arithmetic(purse, purse.figures, most)
    return Paid(purse.slo, most, message, purse.figures, given, needed(purse, most or WEIGHTS[0]))


def least(every: Sequence[Paid]) -> Paid | None:
    """Whose budget pays for least: it decides."""
    return min(every, key=lambda one: one.most, default=None)


def cost(purse: Purse, weight: int) -> float:
    """Bad requests of a candidate that is wholly broken at this weight."""
    return needed(purse, weight) + _until_routed(purse, weight)


def needed(purse: Purse, weight: int) -> int:
    """Those until its verdict."""
    lump = LEAST_LUMP + _at_most(_each_second(purse, weight) * BIN)
    bins = 2 ** ceil(log2(purse.seconds / BIN)) if purse.seconds > BIN else 0
    dispersion = ceil(2 * max(purse.dispersion, LEAST_DISPERSION)) / 2
    return until_fail(Broken(purse.rules, weight / WHOLE, ceil(_rounded(min(lump, _MANY), ceil)), dispersion, bins))


def written(number: float) -> str:
    """In two digits, for a status: `0.52`, `13`, `1200`."""
    return f"{float(f'{number:.2g}'):.12g}"


def telling(number: float) -> str:
    """The same for a sentence: `1,200`."""
    return f"{float(written(number)):,.12g}"


def _until_routed(purse: Purse, weight: int) -> float:
    return _at_most(_each_second(purse, weight) * UNTIL_ROUTED)


def _each_second(purse: Purse, weight: int) -> float:
    return (purse.figures.rate if purse.figures else 0.0) * weight / WHOLE


def _at_most(mean: float) -> float:
    return mean + _SURE * sqrt(mean)


def _rounded(number: float, to: Callable[[float], int]) -> float:
    """To two digits."""
    if number < _NOTHING:
        return 0.0
    unit = 10.0 ** (floor(log10(number)) - 1)
    return to(round(number / unit, 9)) * unit


def _arithmetic(purse: Purse, known: Figures, most: int) -> str:
    weight, given = most or WEIGHTS[0], telling(purse.share * known.left)
    lost = f", of which {purse.lost:,} are lost" if purse.lost else ""
    return (
        f"{purse.slo} has {telling(known.left)} bad requests left and gives {given} of them to this rollout "
        f"(budgetShare {100 * purse.share:g}%){lost}: wholly broken, with {percent(weight)} of {telling(known.rate)} "
        f"requests a second, it costs {_up(needed(purse, weight))} until a verdict and "
        f"{_up(_until_routed(purse, weight))} in the {UNTIL_ROUTED:.0f} s until the route is without it"
        f"{_beyond(purse, most)}."
    )


def _beyond(purse: Purse, most: int) -> str:
    if most in (0, WHOLE):
        return ""
    above = next(weight for weight in WEIGHTS if weight > most)
    return f"; with {percent(above)} it would be {_up(cost(purse, above))}"


def _up(number: float) -> str:
    return telling(_rounded(ceil(number), ceil))
