"""What a wholly broken candidate costs until Fail."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from toprope.delivery.gate.advance import advance
from toprope.delivery.gate.cost import Broken, until_fail
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import begin

RULES = Rules(0.001)
ONE_BY_ONE = Broken(RULES, share=0.01, lump=1, dispersion=2.0)
AT_ONCE = replace(ONE_BY_ONE, lump=500)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_it_is_the_very_request_by_which_the_gate_fails_it(share: float) -> None:
    needed = until_fail(replace(AT_ONCE, share=share))
    for bad, failed in ((needed - 1, False), (needed, True)):
        others = bad * (1 - share) / share
        state = advance(RULES, begin(0.0), 1.0, Counts(float(bad), float(bad)), Counts(others, others * 0.001))
        assert state.failed is failed


def test_three_errors_in_half_a_minute_are_more_telling_than_eight_at_once() -> None:
    assert (until_fail(ONE_BY_ONE), until_fail(AT_ONCE)) == (2, 8)


def test_more_than_fits_into_one_bin_is_counted_over_several() -> None:
    few = replace(AT_ONCE, lump=5)
    assert until_fail(ONE_BY_ONE) < until_fail(few) <= until_fail(AT_ONCE)


def test_bursts_and_a_good_time_before_make_it_dearer() -> None:
    assert until_fail(AT_ONCE) < until_fail(replace(AT_ONCE, dispersion=3.0))
    assert until_fail(AT_ONCE) < until_fail(replace(AT_ONCE, bins=6)) < until_fail(replace(AT_ONCE, bins=360))


def test_without_stable_beside_it_the_objective_decides() -> None:
    assert until_fail(replace(AT_ONCE, share=1.0)) < until_fail(replace(AT_ONCE, share=0.9))


def test_where_no_verdict_can_be_had_it_ends_all_the_same() -> None:
    assert until_fail(Broken(Rules(0.99), share=0.5, lump=60_000, dispersion=8.0)) > 100_000


@settings(max_examples=60, deadline=None)
@given(
    some.sampled_from([0.05, 0.01, 0.001, 0.0001]),
    some.sampled_from([0.001, 0.01, 0.1, 0.5, 0.7]),
    some.sampled_from([2.0, 3.0, 4.5, 8.0]),
    some.integers(0, 12),
)
def test_a_later_beginning_is_never_cheaper(budget: float, share: float, dispersion: float, doublings: int) -> None:
    early = Broken(Rules(budget), share, 2000, dispersion, 2**doublings)
    assert until_fail(early) <= until_fail(replace(early, bins=2 * early.bins))
