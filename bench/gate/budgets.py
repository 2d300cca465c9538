"""What a wholly broken candidate costs where the error budget sized its weights: broken from its first request on, or
by the beginning of a later step, after a good time."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from bench.gate.traffic import BURSTY, Errors, Kind, Mask, Values
from bench.report import Figure
from toprope.delivery import sizing
from toprope.delivery.gate.advance import advance, bake
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import State, begin
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.policy import LADDER
from toprope.delivery.sizing import LEAST_DISPERSION, UNTIL_ROUTED, Purse, paid

WEIGHTS = (0, *(step.weight for step in LADDER), WHOLE)
"""Before the first step, and at each."""
SHARE, WINDOW = 0.1, 30 * 86400
BUDGETS = (0.05, 0.01, 0.001, 0.0001)
GOOD_TIMES = (60, 900)
"""Seconds that the steps before took, each."""
GOOD = 0.3
"""Burn rate of whoever is good."""
LOOKS = 4000
"""After which nobody waits for a verdict any longer."""
RARE = 0.05
"""Requests of the candidate's a second below which one look is ten seconds."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Rollouts side by side."""

    rate: Values
    budget: Values
    remaining: Values
    """Share of the budget, when the rollout begins."""

    @property
    def given(self) -> Values:
        """Bad requests that each may cost."""
        return SHARE * self.rate * self.budget * WINDOW * self.remaining


@dataclass(frozen=True, slots=True)
class Scene:
    """Where candidates break: at a step (the first is 1), each step before it having taken so long."""

    kind: Kind
    """STEADY, or BURSTS: of requests and of stable's errors, with a variance of 3 times the mean."""
    step: int
    seconds: float
    chance: np.random.Generator

    @property
    def good(self) -> float:
        """Seconds until it breaks."""
        return self.seconds * (self.step - 1)

    def requests(self, mean: Values) -> Values:
        """So many on average."""
        if self.kind is Kind.STEADY:
            return self.chance.poisson(mean).astype(np.float64)
        shape = np.maximum(mean, 1e-9) / (BURSTY - 1)
        return self.chance.negative_binomial(shape, 1 / BURSTY).astype(np.float64)

    def errors(self, runs: int) -> Errors:
        """Of one side."""
        return Errors(self.kind, runs, self.chance)


@dataclass(frozen=True, slots=True)
class Costs:
    """What became of the runs of one scene."""

    scene: Scene
    unpaid: int
    """Held by BudgetBelowOneVerdict."""
    held: int
    """Held by BudgetBelowStep before they came to the step at which they break, or failed by mistake."""
    spent: Values
    """Of the others: what they cost in all, as a share of what they were given."""
    undecided: int


def figures(runs: int) -> Iterator[Figure]:
    """The promise, and how near each scene comes to it."""
    scenes = [(kind, step, seconds) for kind in (Kind.STEADY, Kind.BURSTS) for step, seconds in _steps()]
    every = [_told(costs(runs // len(scenes), *scene)) for scene in scenes]
    spent = np.concatenate([one.spent for one in every])
    of = len(spent) + sum(one.held + one.unpaid for one in every)
    within = _within(spent)
    yield Figure(f"wholly broken, {len(spent):,} paid for: cost within budgetShare", within, "%", ">= 99", within >= 99)
    yield Figure("… what they cost of their share, median", 100 * float(np.median(spent)), "%")
    yield Figure("… p99", 100 * float(np.percentile(spent, 99)), "%")
    yield Figure("… not decided in the time", 100 * sum(one.undecided for one in every) / len(spent), "%")
    yield Figure(f"of all {of:,}: held by BudgetBelowOneVerdict", 100 * sum(one.unpaid for one in every) / of, "%")
    yield Figure("… held by BudgetBelowStep before they break", 100 * sum(one.held for one in every) / of, "%")
    for kind in (Kind.STEADY, Kind.BURSTS):
        for step in range(1, len(WEIGHTS)):
            some = [one.spent for one in every if (one.scene.kind, one.scene.step) == (kind, step)]
            yield Figure(f"… {_name(kind)}, broken at step {step}: within", _within(np.concatenate(some)), "%")


def _steps() -> Sequence[tuple[int, float]]:
    return [(1, 0.0), *((step, seconds) for step in range(2, len(WEIGHTS)) for seconds in GOOD_TIMES)]


def _within(spent: Values) -> float:
    return 100 * float((spent <= 1).mean())


def _name(kind: Kind) -> str:
    return "steady" if kind is Kind.STEADY else "bursty"


def _told(one: Costs) -> Costs:
    scene = one.scene
    print(
        f"{_name(scene.kind)}, broken at step {scene.step} after {scene.good:.0f} s: {len(one.spent):,} paid for, "
        f"{_within(one.spent):.1f} % within",
        file=sys.stderr,
        flush=True,
    )
    return one


def costs(runs: int, kind: Kind, step: int, seconds: float) -> Costs:
    """Rates, objectives and what is left are drawn."""
    chance = np.random.default_rng((step, int(seconds), kind is Kind.BURSTS))
    rate, left = (10 ** chance.uniform(np.log10(low), np.log10(high), runs) for low, high in ((0.2, 20_000), (0.02, 1)))
    drawn, scene = Runs(rate, chance.choice(BUDGETS, runs), left), Scene(kind, step, seconds, chance)
    first = _most(drawn, np.zeros(runs), np.full(runs, LEAST_DISPERSION), 0.0)
    some, before = _picked(drawn, first > 0), np.minimum(WEIGHTS[step - 1], first[first > 0])
    state, lost = _good(some, scene, before / WHOLE)
    most = _most(some, lost, np.broadcast_to(state.dispersion, lost.shape), scene.good)
    goes, weight = (most > before) & ~state.failed, np.minimum(WEIGHTS[step], most)
    ends = [
        _ended(_picked(some, which), scene, _picked(state, which), weight[which] / WHOLE, lost[which])
        for which in _alike(some.rate, weight, goes)
    ]
    spent, undecided = np.concatenate([end[0] for end in ends]), sum(end[1] for end in ends)
    return Costs(scene, int((first <= 0).sum()), int((~goes).sum()), spent, undecided)


def _most(runs: Runs, lost: Values, dispersion: Values, seconds: float) -> Values:
    """As an operator reckons it, run by run."""
    rules = {budget: Rules(budget) for budget in BUDGETS}
    found = [
        paid(
            Purse("", rules[budget], sizing.figures(given / SHARE, rate, None), SHARE, int(bad), float(phi), seconds)
        ).most
        for budget, given, rate, bad, phi in zip(runs.budget, runs.given, runs.rate, lost, dispersion, strict=True)
    ]
    return np.array(found, dtype=np.float64)


def _alike(rate: Values, weight: Values, goes: Mask) -> Iterator[Mask]:
    """Those that are looked at equally often, and beside stable or without it."""
    rare, whole = rate * weight / WHOLE < RARE, weight == WHOLE
    every = (goes & (rare == is_rare) & (whole == is_whole) for is_rare in (True, False) for is_whole in (True, False))
    return (which for which in every if which.any())


def _good(runs: Runs, scene: Scene, share: Values) -> tuple[State, Values]:
    """The time before it breaks, and what it cost."""
    state, lost = begin(0.0, zero=np.zeros(len(share))), np.zeros(len(share))
    own, others = scene.errors(len(share)), scene.errors(len(share))
    for look in range(1, round(scene.good / 10) + 1):
        mine, stable = scene.requests(10 * runs.rate * share), scene.requests(10 * runs.rate * (1 - share))
        bad, t = own.of(mine, GOOD * runs.budget, 10.0 * look), 10.0 * look
        lost += bad
        beside = Counts(stable, others.of(stable, GOOD * runs.budget, t))
        state = advance(Rules(runs.budget), state, t, Counts(mine, bad), beside)
    return state, lost


def _ended(runs: Runs, scene: Scene, state: State, share: Values, lost: Values) -> tuple[Values, int]:
    """What it has cost when the last process of the gateway has a route without it, as a share of what was given."""
    whole, spent = bool((share == 1).all()), lost.copy()
    seconds = 10.0 if (runs.rate * share < RARE).all() else 1.0
    state, others = bake(Rules(runs.budget), state) if whole else state, scene.errors(len(share))
    for look in range(1, LOOKS):
        mine, t = scene.requests(seconds * runs.rate * share), state.at + seconds
        stable = scene.requests(seconds * runs.rate * (1 - share))
        spent += np.where(state.failed, 0.0, mine)
        beside = Counts(stable, others.of(stable, GOOD * runs.budget, t))
        state = advance(Rules(runs.budget), state, t, Counts(mine, mine), beside)
        if look % 8 == 0 and state.failed.all():
            break
    # The look itself is the first of the seconds until the route is without it.
    after = scene.requests((UNTIL_ROUTED - 1) * runs.rate * share)
    return (spent + np.where(state.failed, after, 0.0)) / runs.given, int((~state.failed).sum())


def _picked(value: Any, which: Mask) -> Any:
    """Some of the runs, of whatever is kept for each."""
    if isinstance(value, np.ndarray):
        return value[which]
    if isinstance(value, tuple):
        return tuple(_picked(each, which) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _picked(getattr(value, one.name), which) for one in fields(value)})
    return value
