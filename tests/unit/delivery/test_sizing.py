"""The largest weight that an error budget pays for."""

from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from toprope.delivery.gate.rules import Rules
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.sizing import WEIGHTS, Figures, Paid, Purse, cost, figures, least, needed, paid, written

PURSE = Purse("availability", Rules(0.001), Figures(left=300, rate=20), share=0.1)

purses = some.builds(
    Purse,
    slo=some.just("a"),
    rules=some.sampled_from([Rules(budget) for budget in (0.05, 0.01, 0.001, 0.0001)]),
    figures=some.builds(
        figures, some.floats(0, 1e6), some.floats(0.01, 20_000), before=some.none() | some.just(Figures(5000, 40))
    ),
    share=some.sampled_from([0.05, 0.1, 0.5, 1.0]),
    lost=some.integers(0, 20),
    dispersion=some.sampled_from([1.02, 3.0, 4.0]),
    seconds=some.sampled_from([0.0, 60.0, 3600.0]),
)


def test_by_hand() -> None:
    # A tenth of 300. At 3 %: 0.6 a second, 8 s of them are 4.8 and with three standard deviations 11.4.
    assert needed(PURSE, 3000) == 13
    assert cost(PURSE, 3000) == pytest.approx(13 + 4.8 + 3 * sqrt(4.8))
    # At 5 %: one a second, 8 and 16.5.
    assert cost(PURSE, 5000) == pytest.approx(needed(PURSE, 5000) + 8 + 3 * sqrt(8))
    assert cost(PURSE, 3000) <= 30 < cost(PURSE, 5000)
    assert paid(PURSE).most == 3000


def test_the_sentence_has_the_arithmetic() -> None:
    assert paid(replace(PURSE, lost=2)).message == (
        "availability has 300 bad requests left and gives 30 of them to this rollout (budgetShare 10%), of which 2 are "
        "lost: wholly broken, with 3% of 20 requests a second, it costs 13 until a verdict and 12 in the 8 s until the "
        "route is without it; with 5% it would be 31."
    )


def test_with_much_left_all_requests_are_paid_for_and_there_is_no_beyond() -> None:
    found = paid(replace(PURSE, figures=Figures(left=40_000, rate=20)))
    assert found.most == WHOLE
    assert "with 100% of 20 requests a second" in found.message
    assert "it would be" not in found.message


def test_less_than_one_verdict_pays_for_nothing() -> None:
    found = paid(replace(PURSE, figures=Figures(left=20, rate=20)))
    assert (found.most, found.given, found.needed) == (0, 2.0, 7)
    assert "gives 2 of them" in found.message
    assert "it costs 7 until a verdict" in found.message


def test_what_is_lost_counts_against_what_was_given() -> None:
    most = [paid(replace(PURSE, lost=lost)).most for lost in (0, 5, 12, 30)]
    assert most == sorted(most, reverse=True)
    assert most[-1] == 0


def test_nothing_known_holds_nothing_back() -> None:
    found = paid(replace(PURSE, figures=None))
    assert found.most == WHOLE
    assert found.message == "Nothing is known of the error budget of availability: it holds no step back."


def test_the_poorest_budget_decides() -> None:
    poor = Paid("fast", 1000)
    assert least([Paid("availability"), poor]) is poor
    assert least([]) is None


@pytest.mark.parametrize(
    ("sentence", "left", "rate", "before", "after"),
    [
        ("what is left is rounded down, the rate up", 1999.0, 20.4, None, Figures(1900, 21)),
        ("a spent budget has nothing", -3.0, 0.0, None, Figures(0, 0)),
        ("next to nothing is nothing", 5e-324, 5e-324, None, Figures(0, 0)),
        ("less is taken at once", 1780.0, 20.4, Figures(1900, 21), Figures(1700, 21)),
        ("more is not given", 5000.0, 20.4, Figures(1900, 21), Figures(1900, 21)),
        ("traffic trembles", 1900.0, 17.6, Figures(1900, 21), Figures(1900, 21)),
        ("and falls", 1900.0, 17.0, Figures(1900, 21), Figures(1900, 17)),
        ("and rises", 1900.0, 21.5, Figures(1900, 21), Figures(1900, 22)),
    ],
)
def test_figures(sentence: str, left: float, rate: float, before: Figures | None, after: Figures) -> None:
    found = figures(left, rate, before)
    assert found.left == pytest.approx(after.left)
    assert found.rate == pytest.approx(after.rate)


@given(some.floats(0.011, 1e9), some.floats(0.011, 1e6))
def test_a_status_gives_back_what_was_written(left: float, rate: float) -> None:
    known = figures(left, rate, None)
    again = Figures(float(written(known.left)), float(written(known.rate)))
    assert figures(left, rate, again) == again


@settings(max_examples=100, deadline=None)
@given(purses)
def test_no_weight_that_is_given_costs_more_than_was_given(purse: Purse) -> None:
    found = paid(purse)
    assert purse.figures is not None
    for weight in WEIGHTS:
        if weight <= found.most:
            assert cost(purse, weight) <= purse.share * purse.figures.left - purse.lost


@settings(max_examples=100, deadline=None)
@given(purses, some.floats(1, 50))
def test_more_left_or_a_larger_share_never_lowers_the_weight(purse: Purse, times: float) -> None:
    assert purse.figures is not None
    richer = replace(purse.figures, left=purse.figures.left * times)
    assert paid(purse).most <= paid(replace(purse, figures=richer)).most
    assert paid(purse).most <= paid(replace(purse, share=1.0)).most


@settings(max_examples=100, deadline=None)
@given(purses, some.floats(1, 50))
def test_more_traffic_never_raises_it(purse: Purse, times: float) -> None:
    assert purse.figures is not None
    busier = replace(purse.figures, rate=purse.figures.rate * times)
    assert paid(replace(purse, figures=busier)).most <= paid(purse).most
