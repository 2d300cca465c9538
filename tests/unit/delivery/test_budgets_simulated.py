"""A small sample of `python -m bench gate`'s budgets: seeds are fixed, margins are wide."""

import pytest

from bench.gate.budgets import costs
from bench.gate.traffic import Kind


@pytest.mark.parametrize("kind", [Kind.STEADY, Kind.BURSTS])
@pytest.mark.parametrize(("step", "seconds"), [(1, 0.0), (3, 60.0)])
def test_a_wholly_broken_candidate_stays_within_its_share(kind: Kind, step: int, seconds: float) -> None:
    found = costs(60, kind, step, seconds)
    assert found.unpaid + found.held + len(found.spent) == 60
    assert len(found.spent) >= 40
    assert found.undecided == 0
    assert (found.spent <= 1).mean() >= 0.95
