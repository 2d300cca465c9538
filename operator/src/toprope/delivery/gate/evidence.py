"""What the counts of one bin say of a candidate: logarithms of likelihood ratios, one for each hypothesis."""

from collections.abc import Sequence
from dataclasses import dataclass

from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.likelihood import beta_binomial, negative_binomial
from toprope.delivery.gate.maths import Number, chosen, either, smaller
from toprope.delivery.gate.rules import TIMES, Rules
from toprope.delivery.gate.stable import Stable, allowed, expected

Ratios = Sequence[Number]


@dataclass(frozen=True, slots=True)
class Look:
    """A bin as far as it has come."""

    candidate: Counts
    stable: Counts
    dispersion: Number
    beside: Stable
    budget: Number


def absolute(counts: Counts, rules: Rules, dispersion: Number) -> Ratios:
    """Bad, against just within the budget."""
    within, *bad = negative_binomial(counts, (rules.budget, *rules.failing), dispersion)
    return [each - within for each in bad]


def good(counts: Counts, rules: Rules, dispersion: Number) -> Ratios:
    """Within the budget, against bad."""
    bad, *within = negative_binomial(counts, (rules.failing[0], *rules.passing), dispersion)
    return [each - bad for each in within]


def times_stable(look: Look) -> Ratios:
    """How likely the counts are where the candidate is so many times worse than stable, for each of TIMES."""
    return chosen(look.beside.is_there, lambda: _beside(look), lambda: _alone(look))


def worse_than(place: int, likely: Ratios) -> Ratios:
    """More than so many times worse than stable, against at most so many times, by the place in TIMES."""
    return [more - likely[place] for more in likely[place + 1 :]]


def _alone(look: Look) -> Ratios:
    ratio = allowed(look.beside.past, look.budget, look.dispersion)
    # More than all requests cannot be bad.
    most = 0.9 + 0.1 * ratio
    ratios = [ratio, *(smaller(ratio * times, most) for times in TIMES[1:])]
    return negative_binomial(look.candidate, ratios, look.dispersion)


def _beside(look: Look) -> Ratios:
    """How many bursts there were is not known, and many are stronger evidence than one.

    Believed is the half of what these counts say, less where they are few, and the other half only as far as the last
    hour says so too.
    """
    bad, total = look.candidate.bad + look.stable.bad, look.candidate.total + look.stable.total
    believed = (bad**2 / (bad + look.dispersion) + smaller(bad, total * expected(look.beside.past))) / 2
    shape = believed / (look.dispersion - 1) / either(total > 0, lambda: total, lambda: 1.0)
    return beta_binomial(look.candidate, look.stable, shape, TIMES)
