"""A candidate that turns bad after a good time: what it costs until Fail, and how long that takes."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bench.gate.traffic import BURSTY, Kind, Values, World, drawn
from bench.report import Figure
from toprope.delivery.gate.advance import advance
from toprope.delivery.gate.dispersion import Spread
from toprope.delivery.gate.rules import FALSE_FAIL, FALSE_PASS, Rules
from toprope.delivery.gate.side import NO_PAST, Past
from toprope.delivery.gate.state import State, begin

GOOD_TIMES = (0, 300, 3600)
SERVICES = ((0.001, 250, 0.1), (0.001, 250, 0.5), (0.01, 50, 0.1), (0.0001, 2000, 0.5), (0.05, 20, 0.5))
"""Budget, requests a second, the candidate's share."""
BURNS = (4.0, 10.0)
PATIENCE = 1500
WALD = np.log((1 - FALSE_PASS) / FALSE_FAIL)


@dataclass(frozen=True, slots=True)
class Turn:
    """Runs whose candidate was good for so many seconds, and then is not."""

    world: World
    good: int
    burn: float
    past: Past = NO_PAST

    @property
    def rules(self) -> Rules:
        """The gate's."""
        return Rules(self.world.budget)


@dataclass(slots=True)
class Cost:
    """Until Fail, for each run; not a number where it never came."""

    bad: Values
    seconds: Values
    """From the first failed request, which came somewhere in a second, to the look that said Fail."""
    cumulative: Values
    """Bad requests until a test that sums up everything since the beginning says so."""


def figures(runs: int) -> Iterator[Figure]:
    """Bad requests until Fail, and a wholly broken candidate at the first weight."""
    costs = []
    for budget, rate, share in SERVICES:
        for good in GOOD_TIMES:
            costs += [cost(_turn(runs, (budget, rate, share), good, burn), seed=good) for burn in BURNS]
        print(f"turned bad: budget {budget:g}, {rate} a second, {share:.0%}", file=sys.stderr, flush=True)
    bad, cumulative = (np.concatenate([getattr(each, name) for each in costs]) for name in ("bad", "cumulative"))
    for words, at, goal in (("median", 50, 40), ("p95", 95, 150)):
        value = float(np.nanpercentile(bad, at))
        baseline = f"{np.nanpercentile(cumulative, at):,.0f} (a test that sums up since the beginning)"
        yield Figure(
            f"bad requests until Fail after a change, {words}", value, "", f"<= {goal}", value <= goal, baseline
        )
    yield Figure("… not failed within 25 min", 100 * float(np.isnan(bad).mean()), "%")
    for good in GOOD_TIMES[:2]:
        yield from _broken(runs, good)


def _turn(runs: int, service: tuple[float, int, float], good: int, burn: float) -> Turn:
    budget, rate, share = service
    world = World(np.full(runs, float(rate)), np.full(runs, budget), Kind.STEADY, 0.3, 0.3, share)
    return Turn(world, good, burn)


def _broken(runs: int, good: int) -> Iterator[Figure]:
    for kind, goal in ((Kind.STEADY, 5), (Kind.BURSTS, 8)):
        world = World(np.full(runs, 200.0), np.full(runs, 0.001), kind, 0.3, 0.3, 0.01)
        spread = 200.0 * (BURSTY if kind is Kind.BURSTS else 1)
        seconds = cost(Turn(world, good, 1000.0, Past(spread=Spread(spread, 200.0))), seed=1).seconds
        median = float(np.nanmedian(seconds))
        yield Figure(
            f"wholly broken, 1 % of 200/s, {kind.value}, good for {good} s: median", median, "s", f"<= {goal}",
            median <= goal, f"p95 {np.nanpercentile(seconds, 95):.0f} s",
        )  # fmt: skip


def cost(turn: Turn, seed: int) -> Cost:
    """Looks are ten seconds apart while all is well, and a second afterwards."""
    chance = np.random.default_rng(seed)
    runs = len(turn.world.rate)
    state, summed = begin(0.0, turn.past, zero=np.zeros(runs)), np.zeros(runs)
    for one in drawn(turn.world, turn.good // 10, 10, chance):
        state = advance(turn.rules, state, one.t, one.candidate, one.stable)
        summed += _wald(turn, one.candidate.total, one.candidate.bad)
    # The change comes somewhere in a bin.
    state = replace(state, since=state.since - float(chance.integers(0, 10)))
    return _after(turn, state, summed, chance)


def _after(turn: Turn, state: State, summed: Values, chance: np.random.Generator) -> Cost:
    runs = len(summed)
    spent, found = np.zeros(runs), Cost(*(np.full(runs, np.nan) for _ in range(3)))
    first = np.full(runs, np.nan)
    world = replace(turn.world, candidate=turn.burn)
    for one in drawn(world, PATIENCE, 1, chance, begins=state.at):
        state = advance(turn.rules, state, one.t, one.candidate, one.stable)
        spent = spent + one.candidate.bad
        summed += _wald(turn, one.candidate.total, one.candidate.bad)
        first = np.where(np.isnan(first) & (one.candidate.bad > 0), one.t - chance.random(runs), first)
        found.bad = np.where(state.failed & np.isnan(found.bad), spent, found.bad)
        found.seconds = np.where(state.failed & np.isnan(found.seconds), one.t - first, found.seconds)
        found.cumulative = np.where((summed >= WALD) & np.isnan(found.cumulative), spent, found.cumulative)
        if state.failed.all() and not np.isnan(found.cumulative).any():
            break
    return found


def _wald(turn: Turn, total: Values, bad: Values) -> Values:
    within, failing = turn.world.budget, turn.rules.failing[0]
    ratio: Values = bad * np.log(failing / within) + (total - bad) * np.log((1 - failing) / (1 - within))
    return ratio
