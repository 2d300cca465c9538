"""The maths of firing, against the closed forms and the figures of the reference."""

import pytest

from toprope.slo.oracle import Phase, Traffic, Turn, budget_left, error_ratio, turns
from toprope.slo.windows import DAY, HOUR, MINUTE, Severity, budget_of, tiers

RATE = 20.0
CLEAN = 75 * HOUR


def found(severity: Severity, errors: float, lasts: int = 10 * HOUR, rate: float = RATE) -> list[Turn]:
    traffic = Traffic([Phase(CLEAN, rate, 0), Phase(lasts, rate, errors), Phase(HOUR, rate, 0)])
    return turns(tiers(30 * DAY), severity, budget_of("99.9"), traffic)


@pytest.mark.parametrize(
    ("errors", "page", "ticket"), [(1, 0.9, 4.3), (0.1, 8.6, 43.2), (0.02, 43.2, 216), (0.008, 270, 540)]
)
def test_first_firings_of_the_reference(errors: float, page: float, ticket: float) -> None:
    for severity, minutes in ((Severity.PAGE, page), (Severity.TICKET, ticket)):
        first = found(severity, errors)[0]
        assert first.fires
        assert (first.at - CLEAN) / MINUTE == pytest.approx(minutes, abs=0.06)


def test_a_healthy_service_never_fires() -> None:
    assert found(Severity.PAGE, 0.0009) == found(Severity.TICKET, 0.0009) == []


def test_a_page_resets_when_its_short_window_has_forgotten() -> None:
    lasts = 40 * MINUTE
    page = found(Severity.PAGE, 0.1, lasts)
    # The slow tier has fired by then (t* = 21.6 min) and forgets later: 30 min · (1 - 0.006 / 0.1).
    assert [turn.fires for turn in page] == [True, False]
    assert (page[1].at - CLEAN - lasts) / MINUTE == pytest.approx(30 * (1 - 0.006 / 0.1), abs=0.06)
    assert page[1].by_sums


def test_a_short_outage_is_forgotten_in_minutes() -> None:
    page = found(Severity.PAGE, 1, 2 * MINUTE)
    assert (page[1].at - CLEAN - 2 * MINUTE) / MINUTE == pytest.approx(5 * (1 - 0.0144), abs=0.06)
    assert not page[1].by_sums


def test_one_failure_at_night_wakes_nobody() -> None:
    assert found(Severity.PAGE, 1, HOUR, rate=1 / HOUR) == found(Severity.TICKET, 1, HOUR, rate=1 / HOUR) == []


def test_an_outage_of_a_quiet_service_pages_within_five_failures() -> None:
    page = found(Severity.PAGE, 1, rate=1 / HOUR)
    assert page[0].at - CLEAN <= 5 * HOUR


def test_before_the_first_request_there_is_nothing() -> None:
    traffic = Traffic([Phase(HOUR, 0, 0), Phase(HOUR, RATE, 1)])
    assert traffic.within(-HOUR, HOUR) == (0, 0)
    assert traffic.within(0, 2 * HOUR) == (HOUR * RATE, HOUR * RATE)
    first = turns(tiers(30 * DAY), Severity.PAGE, budget_of("99.9"), traffic)[0]
    assert first.at == pytest.approx(HOUR, abs=60)


def test_what_is_bad_is_weighed_by_events() -> None:
    quiet = Traffic([Phase(9 * HOUR, RATE, 0), Phase(10 * HOUR, RATE / 10, 1)])
    assert error_ratio(quiet) == pytest.approx(1 / 10)


@pytest.mark.parametrize(
    ("phases", "left"),
    [
        ([Phase(DAY, RATE, 0.001)], 1 - 1 / 30),
        ([Phase(DAY, RATE, 0.001), Phase(DAY, 2 * RATE, 0)], 1 - 1 / 60),
        ([Phase(DAY, RATE, 0.001), Phase(DAY // 2, 0, 0, up=False, counted=False)], 1 - 1 / 30),
        ([Phase(2 * DAY, 100 * RATE, 0.001), Phase(DAY, RATE, 0)], 1 - 200 / 201),
    ],
)
def test_the_budget_is_that_of_a_whole_window_at_the_rate_of_today(phases: list[Phase], left: float) -> None:
    assert budget_left(Traffic(phases), 30 * DAY, budget_of("99.9")) == pytest.approx(left)
