"""A gate outlives the operator, and a restart makes no verdict easier."""

import pytest

from tests.unit.delivery.gate.test_advance import BROKEN, HEALTHY, ILL, RULES, gone
from toprope.delivery.gate.advance import bake
from toprope.delivery.gate.kept import kept, restored
from toprope.delivery.gate.state import State, begin

HOUR = gone(begin(0), 3600, HEALTHY, (100.0, 0.1))


def back(state: State, now: float) -> State:
    again = restored(kept(state), now)
    assert again
    return again


def test_it_is_short() -> None:
    assert len(kept(HOUR)) < 700


def test_it_goes_on_where_it_was() -> None:
    again = back(HOUR, HOUR.at)
    assert (again.bins, again.passed, again.step) == (HOUR.bins, True, HOUR.step)
    assert gone(again, 10, ILL, HEALTHY).failed is True
    assert back(bake(RULES, HOUR), HOUR.at).beside.rests


def test_evidence_is_rounded_down() -> None:
    for before, after in zip(HOUR.proofs.absolute, back(HOUR, HOUR.at).proofs.absolute, strict=True):
        assert before - 0.01 <= after <= before


def test_an_open_bin_is_given_up() -> None:
    open_bin = gone(HOUR, 1, (100.0, 3.0), HEALTHY)
    assert open_bin.weights.absolute > HOUR.weights.absolute
    assert back(open_bin, open_bin.at).proofs == back(HOUR, HOUR.at).proofs


def test_the_time_between_counts_for_nobody_and_spends_its_belief() -> None:
    late = back(HOUR, HOUR.at + 605)
    assert late.bins == HOUR.bins + 61
    assert late.proofs == back(HOUR, HOUR.at).proofs
    assert gone(late, 5, BROKEN, HEALTHY).failed is True


def test_a_clock_that_went_back_takes_no_bins_away() -> None:
    assert back(HOUR, 0).bins == HOUR.bins


@pytest.mark.parametrize("text", ['{"v":0}'])
def test_what_another_version_kept_is_nothing(text: str) -> None:
    assert restored(text, 0) is None
