"""Belief is spent once, and evidence grows on average only where the candidate is bad."""

import math

import pytest

from tests.unit.delivery.gate.test_likelihood import REQUESTS, RULES, chances
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.evidence import absolute
from toprope.delivery.gate.mixture import begun, fresh, gone_on, weighed


def test_all_belief_together_is_at_most_1() -> None:
    spent = sum(math.exp(fresh(float(bins))) for bins in range(1, 20_000))
    assert math.exp(weighed(begun(3), (0.0, 0.0, 0.0))) + spent < 1
    assert spent > 0.4


def test_a_change_after_an_hour_costs_ten_nats() -> None:
    assert fresh(360.0) == pytest.approx(-10.4, abs=0.2)
    assert fresh(8640.0) == pytest.approx(-14.4, abs=0.2)


@pytest.mark.parametrize("most", [2.0, 8.0])
def test_on_average_a_bin_adds_no_more_than_its_belief(most: float) -> None:
    before = (-1.0, -5.0, -9.0)
    within = chances(REQUESTS * RULES.budget, 2.0)
    after = [0.0] * len(before)
    for bad, chance in enumerate(within):
        went = gone_on(before, absolute(Counts(REQUESTS, float(bad)), RULES, 2.0), 7.0, most)
        after = [so_far + chance * math.exp(each) for so_far, each in zip(after, went, strict=True)]
    added = math.exp(fresh(7.0)) / len(before)
    for old, new in zip(before, after, strict=True):
        assert new <= (math.exp(old) + added) * (1 + 1e-6)


def test_an_hour_of_good_requests_is_forgotten() -> None:
    mixture = begun(3)
    for bins in range(1, 361):
        mixture = gone_on(mixture, absolute(Counts(10_000.0, 30.0), RULES, 1.1), float(bins), 8.0)
    assert weighed(mixture, (0.0, 0.0, 0.0)) == pytest.approx(fresh(360.0))
