"""The tiers of the reference, those of other windows, and what cannot fire."""

from decimal import Decimal

import pytest

from toprope.slo.windows import DAY, HOUR, MINUTE, all_windows, budget_of, duration, tiers


def factors(days: int) -> list[Decimal]:
    return [Decimal(tier.factor.numerator) / tier.factor.denominator for tier in tiers(days * DAY)]


def spans(days: int) -> list[tuple[str, str]]:
    return [(duration(tier.short), duration(tier.long)) for tier in tiers(days * DAY)]


def test_thirty_days_have_the_known_factors() -> None:
    assert factors(30) == [Decimal("14.4"), 6, 3, 1]


def test_four_weeks_keep_the_windows_and_move_the_factors() -> None:
    assert [round(factor, 3) for factor in factors(28)] == [Decimal(each) for each in ("13.44", "5.6", "2.8", "0.933")]
    assert spans(28) == spans(30) == spans(90)


def test_a_longer_window_needs_a_faster_burn_for_the_same_share() -> None:
    assert factors(90) == [Decimal("43.2"), 18, 9, 3]


@pytest.mark.parametrize("days", [7, 14, 27])
def test_a_shorter_window_shrinks_its_windows_and_never_fires_while_the_objective_is_met(days: int) -> None:
    assert [round(factor, 2) for factor in factors(days)] == [Decimal("14.4"), 6, 3, 1]
    assert all(tier.short >= MINUTE for tier in tiers(days * DAY))


def test_a_week() -> None:
    assert spans(7) == [("70s", "14m"), ("7m", "84m"), ("28m", "336m"), ("84m", "1008m")]


@pytest.mark.parametrize(
    ("days", "sigmas"), [(7, [8, 8, 3, 3]), (27, [8, 8, 3, 3]), (28, [6, 6, 3, 3]), (90, [6, 6, 3, 3])]
)
def test_a_page_over_windows_that_shrank_needs_more_than_elsewhere(days: int, sigmas: list[int]) -> None:
    assert [tier.sigmas for tier in tiers(days * DAY)] == sigmas


@pytest.mark.parametrize(
    ("objective", "dead"),
    [
        ("99.9", []),
        ("93.06", []),
        ("93.05", ["pageQuick"]),
        ("83.33", ["pageQuick", "pageSlow"]),
        ("66", ["pageQuick", "pageSlow", "ticketQuick"]),
        ("0.1", ["pageQuick", "pageSlow", "ticketQuick"]),
    ],
)
def test_a_tier_is_dead_when_even_an_outage_burns_too_slowly(objective: str, dead: list[str]) -> None:
    assert [tier.name for tier in tiers(30 * DAY) if tier.is_dead(budget_of(objective))] == dead


@pytest.mark.parametrize(
    ("objective", "days", "name"),
    [("25", 40, "ticketSlow"), ("53.125", 64, "ticketSlow"), ("90", 50, "pageSlow"), ("83.333333", 30, None)],
)
def test_a_tier_that_would_fire_above_exactly_everything_is_dead(objective: str, days: int, name: str | None) -> None:
    tier = next((one for one in tiers(days * DAY) if one.name == name), tiers(days * DAY)[1])
    assert tier.is_dead(budget_of(objective))
    assert not tier.is_dead(budget_of(str(Decimal(objective) + Decimal("0.000001"))))


def test_a_budget_is_exact() -> None:
    assert budget_of("99.9") == Decimal("0.001")
    assert tiers(30 * DAY)[0].threshold(budget_of("99.9")) == Decimal("0.0144")


def test_every_window_stands_once_and_the_slos_own_is_last() -> None:
    assert [duration(window) for window in all_windows(30 * DAY)] == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]


def test_durations_are_printed_as_they_were_asked_for() -> None:
    assert [duration(seconds) for seconds in (28 * DAY, 7 * DAY, 36 * HOUR, 90 * MINUTE, 70)] == [
        "28d", "7d", "36h", "90m", "70s",
    ]  # fmt: skip
