"""Traffic that is drawn: steady, and bursty in three ways, each with a variance of 3 times the mean in ten seconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from toprope.delivery.gate.advance import advance, is_good, is_ill_world
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.side import NO_PAST, Past
from toprope.delivery.gate.state import State, begin

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
BURSTY = 3.0
WINDOW = 10.0
"""Seconds over which a burst that is spread goes on."""


class Kind(StrEnum):
    """How bad requests come."""

    STEADY = "steady"
    BURSTS = "bursts within a second"
    SPREAD = "bursts spread over ten seconds"
    CLUSTERS = "clusters of three"


class Errors:
    """Bad requests of one side, look by look."""

    def __init__(self, kind: Kind, runs: int, chance: np.random.Generator) -> None:
        self.kind = kind
        self.chance = chance
        self.lift = np.ones(runs)
        self.ends = -chance.uniform(0, WINDOW, runs)

    def of(self, requests: Values, ratio: Values, t: float) -> Values:
        """Of so many requests at `t`, of which this share is bad on average."""
        mean = requests * ratio
        if self.kind is Kind.STEADY:
            bad = self.chance.poisson(mean)
        elif self.kind is Kind.BURSTS:
            bad = self.chance.negative_binomial(np.maximum(mean, 1e-9) / (BURSTY - 1), 1 / BURSTY)
        elif self.kind is Kind.CLUSTERS:
            bad = 3 * self.chance.poisson(mean / 3)
        else:
            bad = self.chance.poisson(mean * self._lifted(mean, t))
        # Where every request is bad there is nothing left to burst.
        return np.where(np.asarray(ratio) >= 1, requests, np.minimum(bad, requests)).astype(np.float64)

    def _lifted(self, mean: Values, t: float) -> Values:
        """For ten seconds an error ratio is drawn anew: looks are taken to be a second apart."""
        anew = t >= self.ends + WINDOW
        shape = np.maximum(mean * WINDOW, 1e-9) / (BURSTY - 1)
        self.lift = np.where(anew, self.chance.gamma(shape) / shape, self.lift)
        self.ends = np.where(anew, t, self.ends)
        return self.lift


@dataclass(frozen=True, slots=True)
class World:
    """Runs side by side. Candidate and stable are burn rates."""

    rate: Values
    """Requests a second."""
    budget: Values
    kind: Kind
    candidate: Values | float
    stable: Values | float
    share: Values | float
    """The candidate's share of the requests."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one look finds."""

    t: float
    candidate: Counts
    stable: Counts


def drawn(
    world: World, looks: int, seconds: float, chance: np.random.Generator, begins: float = 0.0
) -> Iterator[Drawn]:
    """Look by look, `seconds` apart."""
    runs = len(world.rate)
    own, others = Errors(world.kind, runs, chance), Errors(world.kind, runs, chance)
    bad, stable_bad = (np.minimum(1.0, burn * world.budget) for burn in (world.candidate, world.stable))
    for look in range(1, looks + 1):
        t = begins + look * seconds
        requests = chance.poisson(world.rate * world.share * seconds).astype(np.float64)
        beside = chance.poisson(world.rate * (1 - np.asarray(world.share)) * seconds).astype(np.float64)
        yield Drawn(t, Counts(requests, own.of(requests, bad, t)), Counts(beside, others.of(beside, stable_bad, t)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the runs stand at the end."""

    state: State
    failed: Mask
    passed: Mask
    """Of those that have not failed."""
    ill: Mask


def simulated(world: World, looks: int, seconds: float, seed: int, past: Past = NO_PAST) -> Outcome:
    """One step, from its beginning."""
    rules = Rules(world.budget)
    state = begin(0.0, past, zero=np.zeros(len(world.rate)))
    for one in drawn(world, looks, seconds, np.random.default_rng(seed)):
        state = advance(rules, state, one.t, one.candidate, one.stable)
    return Outcome(state, state.failed, is_good(rules, state) & ~state.failed, is_ill_world(rules, state.weights))
