"""Thousands of runs at once come to what each of them would alone."""

from dataclasses import astuple
from typing import Any

import numpy as np
import pytest

from toprope.delivery.gate.advance import advance, bake, next_step
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import State, begin

RUNS = 4
CHANCE = np.random.default_rng(11)
REQUESTS = CHANCE.poisson([[2.0, 0.1, 40.0, 100.0]], (60, RUNS)).astype(float)
BAD = np.minimum(REQUESTS, CHANCE.poisson(REQUESTS * [0.01, 0.0, 0.5, 0.02]).astype(float))
STABLE = CHANCE.poisson([[20.0, 0.0, 400.0, 0.0]], (60, RUNS)).astype(float)
STABLE_BAD = np.minimum(STABLE, CHANCE.poisson(STABLE * 0.02).astype(float))


def gone(rules: Rules, state: State, run: Any) -> State:
    for look in range(60):
        candidate = Counts(REQUESTS[look, run], BAD[look, run])
        stable = None if 20 <= look < 30 else Counts(STABLE[look, run], STABLE_BAD[look, run])
        state = advance(rules, state, look + 1.0, candidate, stable)
        state = next_step(rules, state) if look == 35 else state
        state = bake(rules, state) if look == 50 else state
    return state


def flat(state: Any) -> list[Any]:
    return [each for one in state for each in (flat(one) if isinstance(one, tuple) else [one])]


def test_a_run_among_many_goes_as_it_would_alone() -> None:
    budgets = np.array([0.01, 0.001, 0.05, 0.01])
    # Alone, a run that has failed is judged no more.
    together = flat(astuple(gone(Rules(budgets), begin(0.0, zero=np.zeros(RUNS)), slice(None))))
    for run, budget in enumerate(budgets):
        alone = gone(Rules(float(budget)), begin(0.0), run)
        if alone.failed:
            assert any(each is not True and each is not False and np.ndim(each) and each[run] for each in together)
            continue
        picked = [each[run] if np.ndim(each) else each for each in together]
        assert [float(each) for each in picked] == pytest.approx([float(each) for each in flat(astuple(alone))])
