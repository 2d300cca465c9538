"""Stable as the candidate's measure: beside it, gone, or at rest while the candidate bakes.

beside   both get requests in the same seconds: of the bad ones, whose were they?
gone     no counts of it, or none that grow while the candidate's do: the objective alone is the measure
rests    it gets no requests on purpose: what it did in its last hour is the measure, where that was worse
"""

import math
from dataclasses import dataclass

from toprope.delivery.gate.counts import NONE, Counts
from toprope.delivery.gate.maths import Number, Truth, either, smaller
from toprope.delivery.gate.rules import UNSURE

HOUR = 3600.0
SILENT = 1000.0
"""Requests of the candidate's in a row without one of stable's, after which stable is gone: at a hundredth of the
traffic that is chance once in 20,000 times."""
NEVER_HEARD = 60.0
"""The same where stable has not had a single one yet."""


@dataclass(frozen=True, slots=True)
class Stable:
    """What is known of it beside the counts of this bin."""

    past: Counts = NONE
    """Of about an hour."""
    is_there: Truth = True
    """Whether it counted when this bin began: decided before the bin's counts are seen, so that they cannot choose."""
    was_heard: Truth = False
    """Whether it ever had a request."""
    silence: Number = 0.0
    """Requests of the candidate's since stable's last one."""
    is_known: bool = True
    """Whether anybody could count it at the last look."""
    rests: bool = False

    @property
    def is_alone(self) -> bool:
        """Whether the candidate has nobody to be compared with."""
        return not self.rests and not (self.is_known and self.is_there)


def gone_by(stable: Stable, candidate: Counts, counts: Counts, seconds: float) -> Stable:
    """After a bin of so many seconds, with what both sides had in it.

    A look at which nobody could count stable makes it no absent one, or evidence would change its measure with each.
    """
    spoke = counts.total > 0
    was_heard = stable.was_heard | spoke
    excused = spoke | (not stable.is_known)
    silence = either(excused, lambda: 0.0, lambda: stable.silence + candidate.total)
    patience = either(was_heard, lambda: SILENT, lambda: NEVER_HEARD)
    kept = 1.0 if stable.rests else math.exp(-seconds / HOUR)
    return Stable(
        Counts(stable.past.total * kept + counts.total, stable.past.bad * kept + counts.bad),
        (silence < patience) & (spoke | stable.is_known) & (not stable.rests),
        was_heard,
        silence,
        stable.is_known,
        stable.rests,
    )


def expected(past: Counts) -> Number:
    """The error ratio of the last hour."""
    return past.bad / either(past.total > 0, lambda: past.total, lambda: 1.0)


def allowed(past: Counts, budget: Number, dispersion: Number) -> Number:
    """The error ratio that a candidate without stable beside it may have: the budget, or what an ill stable had.

    Of an ill one the most that its counts leave room for, but for one case in 2,000: a negative binomial count is by d
    below its mean m with a probability of at most exp(-d² ÷ 2φm), solved for m.
    """
    unsure = -math.log(UNSURE) * dispersion
    most = past.bad + unsure + (unsure**2 + 2 * unsure * past.bad) ** 0.5
    ill = past.bad > past.total * budget
    total = either(past.total > 0, lambda: past.total, lambda: 1.0)
    return either(ill, lambda: smaller(most / total, 1.0), lambda: budget)
