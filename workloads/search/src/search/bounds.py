"""What a number of trials proves: the exact binomial bound of Clopper and Pearson."""

from math import exp, lgamma, log

ERROR = 0.05
"""How often a bound may be wrong."""


def lower(hits: int, trials: int, error: float = ERROR) -> float:
    """The share that the true one exceeds, with this error: where so many hits or more have just this chance."""
    if hits <= 0 or trials <= 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_least(hits, trials, middle) < error else (low, middle)
    return low


def at_least(hits: int, trials: int, share: float) -> float:
    """Chance of so many hits or more."""
    if share <= 0.0 or share >= 1.0:
        return 0.0 if share <= 0.0 and hits > 0 else 1.0
    whole = lgamma(trials + 1)
    terms = (
        whole - lgamma(n + 1) - lgamma(trials - n + 1) + n * log(share) + (trials - n) * log(1 - share)
        for n in range(hits, trials + 1)
    )
    return min(1.0, sum(exp(term) for term in terms))
