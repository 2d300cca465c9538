"""How many requests a verdict takes, beside Wald's test of the same error rates, and how many runs get one in time."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.gate.changes import WALD
from bench.gate.traffic import BURSTY, Kind, Mask, Values, World, drawn
from bench.report import Figure
from toprope.delivery.gate.advance import advance
from toprope.delivery.gate.dispersion import Spread
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.side import NO_PAST, Past
from toprope.delivery.gate.state import begin

ENOUGH = 12
"""Budgets' worth (1 ÷ budget) of the candidate's requests."""
GRAIN = 0.05
"""Budgets' worth between two looks."""
SHARE = 0.1
BUDGET = 0.001
KNOWN = {
    Kind.STEADY: Past(spread=Spread(2000.0, 2000.0)),
    Kind.BURSTS: Past(spread=Spread(2000.0 * BURSTY, 2000.0)),
}
"""Stable's last hour."""


@dataclass(slots=True)
class Taken:
    """Budgets' worth of requests until a verdict; not a number where none came."""

    ours: Values
    wald: Values
    failed: Mask


def figures(runs: int) -> Iterator[Figure]:
    """Requests to a verdict on steady traffic, and decided shares."""
    for words, past in (("stable's hour known", KNOWN[Kind.STEADY]), ("nothing known", NO_PAST)):
        yield from _ratios(runs, words, past)
    for kind in (Kind.STEADY, Kind.BURSTS):
        for words, past in (("stable's hour known", KNOWN[kind]), ("nothing known", NO_PAST)):
            yield from _decided(runs, kind, words, past)
    yield from _hardest(runs)


def _ratios(runs: int, words: str, past: Past) -> Iterator[Figure]:
    for verdict, burns, goal in (("Pass", (0.0, 0.3, 1.0), 1.5), ("Fail", (4.0, 6.0, 10.0), 2.0)):
        for burn in burns:
            found = taken(runs, Kind.STEADY, burn, min(burn, 0.5), past)
            ratio = float(np.nanmean(found.ours) / np.nanmean(found.wald))
            yield Figure(
                f"requests to {verdict}, steady, burn {burn:g}, {words}: of Wald's", ratio, "", f"<= {goal}",
                ratio <= goal, f"{np.nanmean(found.wald) / BUDGET:,.0f} requests",
            )  # fmt: skip
        print(f"requests to {verdict}, {words}", file=sys.stderr, flush=True)


def _decided(runs: int, kind: Kind, words: str, past: Past) -> Iterator[Figure]:
    """Burn rates as they come: healthy ones anywhere up to 1, bad ones from 4 on."""
    chance = np.random.default_rng(8)
    healthy, bad = chance.uniform(0, 1, runs), 4 * 10 ** chance.choice([0, 0.2, 0.5, 1, 2.39], runs)
    for name, burns in (("burn 0 to 1", healthy), ("burn 4 to 1000", bad)):
        found = taken(runs, kind, burns, 0.5, past)
        share = 100 * float((found.ours <= ENOUGH).mean())
        yield Figure(
            f"decided at 12 ÷ (1 - objective), {kind.value}, {name}, {words}", share, "%", ">= 95", share >= 95
        )


def _hardest(runs: int) -> Iterator[Figure]:
    """Exactly at the border, where there is least to see."""
    for kind in (Kind.STEADY, Kind.BURSTS):
        for burn, stable in ((1.0, 0.5), (4.0, 0.5), (4.0, 4 / 3)):
            share = 100 * float((taken(runs, kind, burn, stable, KNOWN[kind]).ours <= ENOUGH).mean())
            yield Figure(f"… {kind.value}, burn exactly {burn:g}, stable {stable:.2g}", share, "%")


def taken(runs: int, kind: Kind, burn: float | Values, stable: float, past: Past) -> Taken:
    """One step at a tenth of the traffic, 2.5 s between looks."""
    seconds = 2.5
    world = World(np.full(runs, GRAIN / BUDGET / SHARE / seconds), np.full(runs, BUDGET), kind, burn, stable, SHARE)
    rules, state = Rules(world.budget), begin(0.0, past, zero=np.zeros(runs))
    found = Taken(np.full(runs, np.nan), np.full(runs, np.nan), np.zeros(runs, dtype=bool))
    total, sum_ = np.zeros(runs), np.zeros(runs)
    failing = float(rules.failing[0][0])
    for one in drawn(world, round(2.5 * ENOUGH / GRAIN), seconds, np.random.default_rng(4)):
        state = advance(rules, state, one.t, one.candidate, one.stable)
        total = total + one.candidate.total * BUDGET
        sum_ += one.candidate.bad * np.log(failing / BUDGET)
        sum_ += (one.candidate.total - one.candidate.bad) * np.log((1 - failing) / (1 - BUDGET))
        found.ours = np.where((state.failed | state.passed) & np.isnan(found.ours), total, found.ours)
        found.wald = np.where((np.abs(sum_) >= WALD) & np.isnan(found.wald), total, found.wald)
        if not (np.isnan(found.ours) | np.isnan(found.wald)).any():
            break
    found.failed = state.failed
    return found
