"""How much more the counts of bad requests vary than chance alone would have them: φ, variance over mean.

Reckoned from pairs of bins that follow each other: of T bad requests in both, a share q = n₂ ÷ (n₁ + n₂) is expected in
the second, and (x - qT)² ÷ q(1-q) is φT on average. A lasting change of the error rate disturbs one pair, where a plain
variance over mean would take a broken candidate for one giant burst.
"""

from dataclasses import dataclass

from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.maths import Number, either, larger, smaller

UNKNOWN = 2.0
"""What is assumed of errors nobody has seen yet: pairs."""
WEIGHT = 10.0
"""Bad requests that the assumption is worth, and the most that one pair of bins is: a pair is one observation, however
many bad requests are in it."""
LEAST, MOST = 1.02, 8.0
PAIR, OWN_PAIR = 16.0, 8.0
"""The most φ that one pair of bins may speak for. Less would hide bursts, more would make a burst of each change; the
candidate's, which may have turned bad just then, speak for less."""
OWN = 10.0
"""Bad requests of the candidate's from which its own dispersion counts."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What pairs of bins have shown."""

    squares: Number = 0.0
    """Sum of (x - qT)² ÷ q(1-q), weighted."""
    bad: Number = 0.0
    """Sum of T, weighted."""


NOTHING_SHOWN = Spread()


def widened(spread: Spread, before: Counts, after: Counts, most: float = PAIR) -> Spread:
    """With one more pair of bins."""
    pair, bad = before.total + after.total, before.bad + after.bad
    both = (before.total > 0) & (after.total > 0)
    share = either(both, lambda: after.total / either(both, lambda: pair, lambda: 1.0), lambda: 0.5)
    squares = (after.bad - share * bad) ** 2 / (share * (1 - share))
    weight = WEIGHT / (WEIGHT + bad)
    return Spread(
        spread.squares + either(both, lambda: smaller(squares, most * bad) * weight, lambda: 0.0),
        spread.bad + either(both, lambda: bad * weight, lambda: 0.0),
    )


def dispersion(candidate: Spread, stable: Spread) -> Number:
    """φ: of stable's and the candidate's own the larger one."""
    theirs = _estimate(stable)
    own = either(candidate.bad >= OWN, lambda: _estimate(candidate), lambda: LEAST)
    return smaller(larger(larger(theirs, own), LEAST), MOST)


def _estimate(spread: Spread) -> Number:
    return (WEIGHT * UNKNOWN + spread.squares) / (WEIGHT + spread.bad)
