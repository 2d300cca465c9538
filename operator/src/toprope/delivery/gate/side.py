"""What is known of one side of a rollout: its bins of ten seconds, and how its bad requests vary."""

from collections.abc import Iterable
from dataclasses import dataclass

from toprope.delivery.gate.counts import NONE, Counts
from toprope.delivery.gate.dispersion import NOTHING_SHOWN, PAIR, Spread, widened


@dataclass(frozen=True, slots=True)
class Side:
    """Candidate or stable."""

    bin: Counts = NONE
    """Of the bin that is still open."""
    before: Counts = NONE
    """Of the bin before it."""
    spread: Spread = NOTHING_SHOWN
    """What all bins have shown."""


NEW = Side()


def counted(side: Side, counts: Counts) -> Side:
    """With what one more look brought."""
    return Side(side.bin + counts, side.before, side.spread)


def closed(side: Side, most: float = PAIR) -> Side:
    """At the end of a bin."""
    return Side(NONE, side.bin, widened(side.spread, side.before, side.bin, most))


@dataclass(frozen=True, slots=True)
class Past:
    """What stable did in its last hour."""

    counts: Counts = NONE
    spread: Spread = NOTHING_SHOWN


NO_PAST = Past()


def past(bins: Iterable[Counts]) -> Past:
    """From the counts of bins of ten seconds, the oldest first."""
    side, counts = Side(), NONE
    for each in bins:
        side, counts = closed(counted(side, each)), counts + each
    return Past(counts, side.spread)
