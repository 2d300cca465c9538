"""A small sample of what `python -m bench gate` does with thousands of runs: margins are wide, seeds are fixed."""

import numpy as np
import pytest

from bench.gate.traffic import Kind, World, simulated

RUNS = 100


@pytest.mark.parametrize("kind", list(Kind))
def test_healthy_candidates_are_not_failed_and_most_pass(kind: Kind) -> None:
    world = World(np.full(RUNS, 50.0), np.full(RUNS, 0.01), kind, candidate=0.5, stable=0.5, share=0.5)
    outcome = simulated(world, looks=60, seconds=10, seed=1)
    assert outcome.failed.mean() <= 0.05
    assert outcome.passed.mean() >= 0.9


@pytest.mark.parametrize("kind", list(Kind))
def test_bad_candidates_do_not_pass_and_most_fail(kind: Kind) -> None:
    world = World(np.full(RUNS, 50.0), np.full(RUNS, 0.01), kind, candidate=6.0, stable=0.5, share=0.5)
    outcome = simulated(world, looks=60, seconds=10, seed=2)
    assert outcome.passed.mean() <= 0.05
    assert outcome.failed.mean() >= 0.9


def test_an_ill_world_fails_nobody() -> None:
    world = World(np.full(RUNS, 50.0), np.full(RUNS, 0.01), Kind.BURSTS, candidate=8.0, stable=8.0, share=0.5)
    outcome = simulated(world, looks=60, seconds=10, seed=3)
    assert outcome.failed.mean() <= 0.05
    assert outcome.ill.mean() >= 0.9
