"""What an SLO comes to at steady traffic, against the oracle, which knows any traffic."""

import pytest

from tests.unit.slo.test_rules import promised
from toprope.slo.forecast import Forecast
from toprope.slo.oracle import Phase, Traffic, fires
from toprope.slo.windows import DAY, HOUR, MINUTE, Severity


def forecast(per_second: float = 10.0, **fields: object) -> Forecast:
    ruled = promised(**fields).ruled
    assert ruled is not None
    return Forecast(ruled, per_second)


@pytest.mark.parametrize(
    ("errors", "page", "ticket"), [(1, 0.864, 4.32), (0.1, 8.64, 43.2), (0.02, 43.2, 216), (0.008, 270, 540)]
)
def test_the_times_are_those_of_the_reference(errors: float, page: float, ticket: float) -> None:
    busy = forecast(100)
    assert busy.first(Severity.PAGE, errors) == pytest.approx(page * MINUTE)
    assert busy.first(Severity.TICKET, errors) == pytest.approx(ticket * MINUTE)


@pytest.mark.parametrize("per_second", [0.01, 0.2, 10])
@pytest.mark.parametrize("errors", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("objective", ["99.9", "99", "90"])
def test_each_tier_fires_when_the_oracle_finds_it(per_second: float, errors: float, objective: str) -> None:
    told = forecast(per_second, objective=objective)
    past = 3 * DAY
    traffic = Traffic([Phase(past, per_second, 0), Phase(past, per_second, errors)])
    for tier in told.ruled.promise.live:
        after = told.after(tier, errors)
        if after is None:
            assert not any(
                fires(tier, told.ruled.promise.budget, traffic, past + tier.long * part) for part in (0.5, 1)
            )
        else:
            seen = [fires(tier, told.ruled.promise.budget, traffic, past + after + late) for late in (-0.5, 0.5)]
            assert seen == [False, True]


def test_errors_below_every_threshold_never_fire() -> None:
    assert forecast().first(Severity.PAGE, 0.006) is None
    assert forecast().first(Severity.TICKET, 0.001) is None


def test_the_guard_decides_where_there_is_little_traffic() -> None:
    quiet, busy = forecast(0.01), forecast(10)
    assert [quiet.is_guarded(quiet.of(Severity.PAGE)[0]), busy.is_guarded(busy.of(Severity.PAGE)[0])] == [True, False]
    # 36 requests an hour: 1.5 + 6 · √(0.000999 · 36) = 2.64; 36,000: 0.0144 · 36,000 = 518.4.
    assert [quiet.needed(quiet.of(Severity.PAGE)[0]), busy.needed(busy.of(Severity.PAGE)[0])] == [3, 519]


def test_what_the_guard_never_lets_through_never_fires() -> None:
    hourly = forecast(1 / HOUR)
    assert hourly.after(hourly.of(Severity.PAGE)[0], 1) is None


def test_the_budget_in_requests_and_in_time() -> None:
    assert forecast().events == pytest.approx(25_920)
    assert forecast().outage == 2592


def test_a_dead_tier_counts_for_nothing() -> None:
    assert [tier.name for tier in forecast(objective="90").of(Severity.PAGE)] == ["pageSlow"]
