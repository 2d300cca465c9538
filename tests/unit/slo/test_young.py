"""What is left of the budget of a history that is younger than its window: the rules say it, for all who ask."""

import pytest

from tests.support.outages import GONE, UP, at_minute, availability, came_of, minutes
from tests.support.promql.groups import Outcome
from toprope.slo.rules import ALLOWED, BAD, ERRORS, LEFT, TOTAL
from toprope.slo.windows import DAY, HOUR, MINUTE

WEEK = availability(window="7d")
"""Its day is 336 minutes long."""
PER_WEEK = 0.001 * 7 * DAY
DAYS = 24 * 60


def allowed(outcome: Outcome, minute: int) -> float:
    return at_minute(outcome, minute, ALLOWED) or 0.0


def test_one_bad_minute_does_not_spend_the_budget_of_an_hour() -> None:
    outcome = came_of(WEEK, minutes((70, 10, UP), (1, 10, GONE), (10, 10, UP)))
    burnt = at_minute(outcome, 80, BAD, window="7d") or 0.0
    assert burnt == pytest.approx(10 * MINUTE, rel=0.05)
    assert allowed(outcome, 80) == pytest.approx(10 * PER_WEEK, rel=0.04)
    assert at_minute(outcome, 80, LEFT) == pytest.approx(1 - burnt / allowed(outcome, 80))
    # Of what was seen, eight times the budget is gone.
    assert (at_minute(outcome, 80, ERRORS, window="7d") or 0.0) > 8 * 0.001 * 0.9


@pytest.mark.parametrize(
    ("sentence", "told", "events"),
    [
        ("two days old: a week at today's rate", [(2 * DAYS, 10.0, UP)], 10 * PER_WEEK),
        ("today is quiet: what was seen", [(2 * DAYS, 10.0, UP), (8 * 60, 0.0, UP)], 10 * 0.001 * 2 * DAY),
        ("today is busy: a week of that", [(2 * DAYS, 1.0, UP), (8 * 60, 10.0, UP)], 10 * PER_WEEK),
        (
            "older than the window: what was seen",
            [(8 * DAYS, 1.0, UP), (8 * 60, 10.0, UP)],
            0.001 * (10 * 8 * HOUR + 6 * DAY + 16 * HOUR),
        ),
        ("pods that were never asked", [(60, 0.0, UP)], 0),
    ],
)
def test_the_events_that_a_budget_allows(sentence: str, told: list[tuple[int, float, bool]], events: float) -> None:
    story = minutes(*told)
    assert allowed(came_of(WEEK, story), story.traffic.seconds // MINUTE) == pytest.approx(events, rel=0.02)


def test_a_hole_in_prometheus_makes_no_history_young() -> None:
    story = minutes((8 * DAYS, 1, UP), (8 * 60, 10, UP))
    outcome, last = came_of(WEEK, story, unseen=[(5 * DAYS, 5 * DAYS + 300)]), story.traffic.seconds // MINUTE
    assert allowed(outcome, last) == pytest.approx(0.001 * (at_minute(outcome, last, TOTAL, window="7d") or 0.0))


def test_without_traffic_there_is_no_budget_to_be_left() -> None:
    assert at_minute(came_of(WEEK, minutes((60, 0, UP))), 60, LEFT) is None
