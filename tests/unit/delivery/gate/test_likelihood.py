"""The likelihoods against sums over all that could be counted: the ratio of two is 1 on average under the lower one."""

import math

import numpy as np
import pytest

from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.evidence import absolute, good
from toprope.delivery.gate.likelihood import beta_binomial, negative_binomial
from toprope.delivery.gate.maths import log_gamma, log_sum
from toprope.delivery.gate.rules import Rules

RULES = Rules(0.01, 4.0)
REQUESTS = 500.0


def chances(mean: float, dispersion: float) -> list[float]:
    """Of 0, 1, 2, … bad requests, straight from the definition."""
    shape = mean / (dispersion - 1)
    return [
        math.exp(
            math.lgamma(x + shape)
            - math.lgamma(shape)
            - math.lgamma(x + 1)
            - shape * math.log(dispersion)
            + x * math.log(1 - 1 / dispersion)
        )
        for x in range(1000)
    ]


def mean(chances: list[float], ratios: list[float]) -> float:
    """Of what these are the logarithms of; what cannot happen is left out."""
    return sum(chance * math.exp(ratio) for chance, ratio in zip(chances, ratios, strict=True) if chance)


@pytest.mark.parametrize("dispersion", [1.02, 2.0, 3.0])
def test_evidence_of_bad_is_1_on_average_just_within_the_budget(dispersion: float) -> None:
    within = chances(REQUESTS * RULES.budget, dispersion)
    for hypothesis in range(2):
        ratios = [absolute(Counts(REQUESTS, float(x)), RULES, dispersion)[hypothesis] for x in range(1000)]
        assert mean(within, ratios) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("dispersion", [1.02, 3.0])
def test_evidence_of_good_is_1_on_average_for_a_bad_one(dispersion: float) -> None:
    bad = chances(REQUESTS * RULES.failing[0], dispersion)
    for hypothesis in range(3):
        ratios = [good(Counts(REQUESTS, float(x)), RULES, dispersion)[hypothesis] for x in range(1000)]
        assert mean(bad, ratios) == pytest.approx(1, abs=1e-6)


def test_a_better_candidate_than_the_budget_asks_for_gives_less_evidence_of_bad() -> None:
    better = chances(REQUESTS * RULES.budget / 2, 2.0)
    assert mean(better, [absolute(Counts(REQUESTS, float(x)), RULES, 2.0)[0] for x in range(1000)]) < 1


@pytest.mark.parametrize("times", [3.0, 300.0])
def test_evidence_of_worse_is_1_on_average_for_an_equal_one(times: float) -> None:
    bad, shape, own, others = 12, 0.02, 100.0, 300.0

    def beta(a: float, b: float) -> float:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    mean = 0.0
    for x in range(bad + 1):
        a, b = own * shape, others * shape
        chance = math.comb(bad, x) * math.exp(beta(a + x, b + bad - x) - beta(a, b))
        equal, worse = beta_binomial(Counts(own, float(x)), Counts(others, float(bad - x)), shape, (1.0, times))
        mean += chance * math.exp(worse - equal)
    assert mean == pytest.approx(1, abs=1e-9)


def test_a_burst_counts_about_once() -> None:
    one, five = (absolute(Counts(10.0, bad), Rules(0.0001), 3.0)[0] for bad in (1.0, 5.0))
    assert five < 1.5 * one


def test_without_bursts_it_is_poisson() -> None:
    low, high = negative_binomial(Counts(1000.0, 7.0), (0.001, 0.004), 1 + 1e-7)
    assert high - low == pytest.approx(7 * math.log(4) - 3, abs=1e-4)


def test_where_nobody_asked_nothing_is_said() -> None:
    assert absolute(Counts(0.0, 0.0), RULES, 2.0) == pytest.approx([0, 0, 0], abs=1e-8)
    assert beta_binomial(Counts(), Counts(), 0.0, (1.0, 3.0)) == [0, 0]


def test_the_gamma_function_of_arrays_is_that_of_floats() -> None:
    at = np.array([1e-9, 0.1, 0.5, 1.0, 2.5, 10.0, 1e3, 1e7])
    assert log_gamma(2.5) == math.lgamma(2.5)
    assert log_gamma(at) == pytest.approx([math.lgamma(each) for each in at], rel=1e-10, abs=1e-10)


def test_sums_of_large_logarithms_do_not_overflow() -> None:
    assert log_sum((1000.0, 1000.0)) == pytest.approx(1000 + math.log(2))
    assert log_sum((np.array([1000.0]), np.array([-1000.0]))) == pytest.approx([1000])
