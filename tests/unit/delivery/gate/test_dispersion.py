"""How bursts are seen."""

import numpy as np
import pytest

from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.dispersion import NOTHING_SHOWN, Spread, dispersion, widened
from toprope.delivery.gate.side import past


def seen(bads: list[int]) -> Spread:
    return past(Counts(1000.0, float(bad)) for bad in bads).spread


def test_unseen_errors_are_taken_for_pairs() -> None:
    assert dispersion(NOTHING_SHOWN, NOTHING_SHOWN) == 2


def test_a_pair_of_bins_by_hand() -> None:
    spread = widened(NOTHING_SHOWN, Counts(100.0, 1.0), Counts(300.0, 3.0))
    assert (spread.squares, spread.bad) == pytest.approx((0, 4 * 10 / 14))
    more = widened(spread, Counts(100.0, 4.0), Counts(100.0, 0.0))
    assert (more.squares, more.bad) == pytest.approx((16 * 10 / 14, 8 * 10 / 14))


def test_a_pair_is_one_observation_however_many_bad_requests_are_in_it() -> None:
    assert widened(NOTHING_SHOWN, Counts(1e6, 5000.0), Counts(1e6, 5000.0)).bad == pytest.approx(10, rel=0.01)


def test_an_empty_bin_shows_nothing() -> None:
    assert widened(NOTHING_SHOWN, Counts(), Counts(100.0, 3.0)) == NOTHING_SHOWN


@pytest.mark.parametrize("bursts", [1, 3, 6])
def test_it_finds_the_bursts_that_there_are(bursts: int) -> None:
    chance = np.random.default_rng(3)
    bads = [bursts * int(count) for count in chance.poisson(12 / bursts, 3000)]
    assert dispersion(NOTHING_SHOWN, seen(bads)) == pytest.approx(max(bursts, 1.02), rel=0.1)


def test_a_lasting_change_counts_once() -> None:
    assert dispersion(NOTHING_SHOWN, seen([2] * 200 + [40] * 200)) < 1.1


def test_the_candidates_own_bursts_count_once_it_has_had_ten_bad_requests() -> None:
    stable = Spread(1000.0, 1000.0)
    assert dispersion(Spread(72.0, 9.0), stable) < 1.1
    assert dispersion(Spread(80.0, 10.0), stable) == 5
    assert dispersion(Spread(1e6, 10.0), stable) == 8
