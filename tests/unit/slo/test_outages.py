"""All pods gone, and what Prometheus makes of it, whatever becomes of Prometheus meanwhile."""

import numpy as np
import pytest

from tests.support.outages import GONE, UP, at_minute, availability, came_of, minutes
from tests.support.promql.groups import Outcome
from tests.support.promql.series import Series
from tests.support.proofs import COUNTED, watched
from toprope.slo.rules import BAD, BURNING, LOST_RATE, TOTAL_RATE
from toprope.slo.stories import Scenario
from toprope.slo.windows import MINUTE

RATE = 10.0
PAGES = {"severity": "page"}


def lost(outcome: Outcome, minute: int) -> float | None:
    return at_minute(outcome, minute, LOST_RATE)


def firing(outcome: Outcome, minute: int) -> bool:
    return bool(outcome.firing(BURNING, **PAGES)[np.searchsorted(outcome.at, minute * MINUTE * 1000)])


def test_requests_that_nobody_is_left_to_count_are_bad_at_the_last_hours_rate() -> None:
    outcome = came_of(availability(), minutes((240, RATE, UP), (30, RATE, GONE), (30, RATE, UP)))
    assert (lost(outcome, 240), lost(outcome, 271)) == (0, 0)
    assert lost(outcome, 241) == pytest.approx(RATE * 59 / 60, rel=0.005)
    assert lost(outcome, 270) == lost(outcome, 241)
    assert at_minute(outcome, 300, BAD, window="6h") == pytest.approx(RATE * 30 * MINUTE, rel=0.03)


@pytest.mark.parametrize("away", [2, 6, 20, 60, 12 * 60])
def test_an_outage_that_goes_on_burns_on_when_prometheus_comes_back(away: int) -> None:
    back = 300 + away
    story = minutes((240, RATE, UP), (60 + away + 60, RATE, GONE), (10, RATE, UP))
    outcome = came_of(availability(), story, unseen=[(300, back)])
    assert lost(outcome, back + 3) == lost(outcome, 299) == lost(outcome, 241)
    assert firing(outcome, back + 5)
    assert lost(outcome, back + 61) == 0


def test_a_hole_in_prometheus_burns_nothing_for_its_own_length() -> None:
    through = came_of(availability(), minutes((240, RATE, UP), (90, RATE, GONE)))
    with_hole = came_of(availability(), minutes((240, RATE, UP), (90, RATE, GONE)), unseen=[(250, 270)])
    burnt = [at_minute(outcome, 330, BAD, window="6h") or 0 for outcome in (through, with_hole)]
    # Nor are the two evaluations after it believed; and what a 5-minute rate would have smeared into it is gone.
    assert burnt[0] - burnt[1] == pytest.approx(24 * (lost(through, 241) or 0) * MINUTE, rel=0.01)


@pytest.mark.parametrize("away", [6, 20, 60])
def test_a_hole_in_prometheus_alone_burns_nothing(away: int) -> None:
    outcome = came_of(availability(), minutes((240 + away + 60, RATE, UP)), unseen=[(240, 240 + away)])
    assert not np.any(outcome.record(LOST_RATE).values > 0)
    assert at_minute(outcome, 240 + away + 60, BAD, window="6h") == 0
    assert not outcome.firing(BURNING, **PAGES).any()


def test_an_outage_that_ended_while_prometheus_was_away_is_over() -> None:
    story = minutes((240, RATE, UP), (40, RATE, GONE), (80, RATE, UP))
    outcome = came_of(availability(), story, unseen=[(270, 300)])
    assert {lost(outcome, minute) for minute in range(300, 361)} == {0}


def test_a_second_outage_is_worth_the_hour_before_it_and_not_the_first_one() -> None:
    story = minutes((240, RATE, UP), (10, RATE, GONE), (120, 3 * RATE, UP), (10, RATE, GONE))
    assert lost(came_of(availability(), story), 375) == pytest.approx(3 * RATE * 59 / 60, rel=0.005)


def test_a_crash_loop_is_worth_what_was_lost_in_it() -> None:
    loops = [(10, RATE, GONE), (2, RATE, UP)] * 20
    outcome = came_of(availability(), minutes((240, RATE, UP), *loops))
    last = [lost(outcome, 240 + 12 * loop + 5) or 0 for loop in range(20)]
    assert min(last) > 0.75 * RATE


def test_after_a_day_nobody_knows_what_was_lost() -> None:
    away = 25 * 60
    story = minutes((240, RATE, UP), (30 + away + 30, RATE, GONE))
    outcome = came_of(availability(), story, unseen=[(270, 270 + away)])
    assert lost(outcome, 270 + away + 20) is None
    assert at_minute(outcome, 270 + away + 20, TOTAL_RATE) is None


SAYS = np.arange(0, 260 * MINUTE + 1, 15.0)
ALWAYS = SAYS >= 0


@pytest.mark.parametrize(("ready", "burns"), [([0, 0], True), ([0, 1], False), ([1, 1], False), ([], False)])
def test_pods_that_are_not_ready_take_no_requests_though_they_are_up(ready: list[int], burns: bool) -> None:
    second = f'{COUNTED.pods},pod="second"'
    said = [
        watched(f"workload_ready{{{pod}}}", SAYS, np.where(SAYS > 240 * MINUTE, says, 1.0), ALWAYS)
        for pod, says in zip((COUNTED.pods, second), ready, strict=False)
    ]
    story, up = minutes((240, RATE, UP), (20, 0, UP)), watched(f"up{{{second}}}", SAYS, np.ones(len(SAYS)), ALWAYS)
    outcome = came_of(availability(), story, more=[*said, up])
    assert bool(lost(outcome, 255)) == burns
    assert firing(outcome, 245) == burns


def others(story: Scenario, *silent: tuple[int, int]) -> list[Series]:
    """Targets of the same Prometheus that answer but for a span of minutes each, in which their scrapes fail."""
    seconds = np.arange(0, story.traffic.seconds + 1, 15.0)
    spans = [(seconds >= begin * MINUTE) & (seconds < end * MINUTE) for begin, end in silent]
    return [
        watched(f'up{{job="other-{which}",namespace="elsewhere"}}', seconds, np.where(span, 0.0, 1.0), seconds >= 0)
        for which, span in enumerate(spans)
    ]


FAR, NEVER = (240, 480), (0, 0)


@pytest.mark.parametrize(
    ("sentence", "silent", "burns"),
    [
        ("there is nobody else but Prometheus itself, whose word must do", [], True),
        ("all others answer", [NEVER, NEVER, NEVER], True),
        ("a node took one of the others along", [FAR, NEVER, NEVER], True),
        ("all but one fell silent", [FAR, FAR, NEVER], True),
        ("Prometheus reaches nobody but itself", [FAR, FAR, FAR], False),
        ("nor did it a day long", [(0, 480), (0, 480), (0, 480)], False),
    ],
)
def test_silence_is_an_outage_only_where_prometheus_sees_others(
    sentence: str, silent: list[tuple[int, int]], burns: bool
) -> None:
    """The network of the monitoring is cut: Prometheus goes on evaluating, and reaches itself."""
    story = minutes((240, RATE, UP), (180, RATE, GONE))
    outcome = came_of(availability(), story, more=others(story, *silent))
    record = outcome.record(LOST_RATE)
    assert bool((record.values[record.there] > 0).any()) == burns
    assert bool(outcome.firing(BURNING, **PAGES).any()) == burns
