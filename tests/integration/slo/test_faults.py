"""Hours of faults where a gateway counts, and of those that pods alone cannot tell: what burns, and who is woken."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.support.outages import GONE, UP, Span, availability, came_of, minutes
from tests.support.promql.groups import Outcome
from tests.support.promql.series import Mask, Series
from tests.support.proofs import COUNTED, watched
from toprope.slo.oracle import Phase, Traffic
from toprope.slo.rules import BURNING, ERRORS, LOST_RATE, MISSING, MISSING_FOR
from toprope.slo.sli import REQUESTS
from toprope.slo.stories import Scenario
from toprope.slo.windows import HOUR, MINUTE, Severity

ROUTER = "httproute-shop-links-web-gw-infra-public"
BEHIND = replace(
    COUNTED,
    gateway=f'router=~"{ROUTER}-ep-.*"',
    router=f'router="{ROUTER}-ep-web-0-0123456789abcdef0123@kubernetesgateway"',
)
WHO = {"pods": COUNTED, "gateway": BEHIND}
RATE, BUDGET = 20.0, 0.001
BACK = 4
"""Evaluations after a hole until all is known again: three until Prometheus is believed, one for a rate."""

counted_by = pytest.mark.parametrize("who", list(WHO))
holes = pytest.mark.parametrize("away", [6, 20, 60])


def came(who: str, story: Scenario, *, unseen: Sequence[Span] = (), more: Sequence[Series] = ()) -> Outcome:
    return came_of(availability(WHO[who]), replace(story, by_pods=who == "pods"), unseen=unseen, more=more)


def failing(share: float, hours: int) -> Scenario:
    """So many of all requests fail, all the time."""
    return Scenario("failing", Traffic([Phase(hours * HOUR, RATE, share)]))


def fires(outcome: Outcome, severity: Severity = Severity.PAGE, alert: str = BURNING) -> Mask:
    return outcome.firing(alert, severity=severity.value)


def between(outcome: Outcome, begin: int, end: int) -> Mask:
    """The evaluations from one minute to before another."""
    found: Mask = (outcome.at >= begin * MINUTE * 1000) & (outcome.at < end * MINUTE * 1000)
    return found


@counted_by
def test_pods_that_refuse_connections_burn_and_page_like_pods_that_are_gone(who: str) -> None:
    story = minutes((240, RATE, UP), (30, RATE, GONE), (240, RATE, UP))
    seconds = np.arange(0, story.traffic.seconds + 1, 15.0)
    down = (seconds >= 240 * MINUTE) & (seconds < 270 * MINUTE)
    refused = watched(f"up{{{COUNTED.pods}}}", seconds, np.zeros(len(seconds)), down)
    gone, refusing = came(who, story), came(who, story, more=[refused])
    assert np.array_equal(fires(gone), fires(refusing))
    assert fires(refusing)[between(refusing, 240 + 2, 270)].all()
    for outcome in (gone, refusing):
        # 30 minutes of 510, cut at evaluations.
        burnt = outcome.record(ERRORS, window="30d").values[-1]
        assert burnt == pytest.approx(30 / 510, abs=1.5 / 510)


@counted_by
@holes
def test_a_hole_in_prometheus_neither_burns_nor_wakes_anybody(away: int, who: str) -> None:
    outcome = came(who, failing(BUDGET / 2, 9), unseen=[(360, 360 + away)])
    assert not any(fires(outcome, severity).any() for severity in Severity)
    errors, lost = outcome.record(ERRORS, window="30d"), outcome.record(LOST_RATE)
    assert errors.values[errors.there] == pytest.approx(BUDGET / 2, rel=0.01)
    assert not lost.values[lost.there].any()


@counted_by
@holes
@pytest.mark.parametrize("what", ["gone", "failing"])
def test_what_burns_before_a_hole_burns_after_it(what: str, away: int, who: str) -> None:
    story = failing(0.1, 9) if what == "failing" else minutes((350, RATE, UP), (190, RATE, GONE))
    outcome = came(who, story, unseen=[(360, 360 + away)])
    assert fires(outcome)[between(outcome, 360 + away + BACK, 540)].all()
    assert fires(outcome)[between(outcome, 350 + BACK, 360)].all()


@pytest.mark.parametrize(("who", "away"), [("gateway", 60), ("gateway", 20), ("pods", 20)])
def test_what_died_while_nobody_looked_pages_afterwards(who: str, away: int) -> None:
    outcome = came(who, minutes((370, RATE, UP), (170, RATE, GONE)), unseen=[(360, 360 + away)])
    assert fires(outcome)[between(outcome, 360 + away + BACK, 540)].all()
    assert not fires(outcome)[between(outcome, 0, 360 + away)].any()


def test_pods_that_nobody_saw_for_an_hour_are_told_as_missing() -> None:
    """Whether they died, or were taken away, cannot be known: no page, and a ticket."""
    outcome = came("pods", minutes((370, RATE, UP), (170, RATE, GONE)), unseen=[(360, 420)])
    assert not fires(outcome).any()
    told = fires(outcome, Severity.TICKET, MISSING)
    patience = int(MISSING_FOR.removesuffix("m"))
    assert not told[between(outcome, 0, 420 + patience)].any()
    assert told[between(outcome, 420 + patience + BACK, 540)].all()


def life(pod: int, begin: int, end: int, share: float) -> list[Series]:
    """A pod from one minute to before another; it counts from 0, and so many of its answers are errors."""
    seconds = np.arange(0, end * MINUTE + 1, 15.0)
    seen = (seconds >= begin * MINUTE) & (seconds < end * MINUTE)
    counts = np.maximum(0, seconds - begin * MINUTE) * RATE
    whose = f'{COUNTED.pods},pod="{pod}"'
    by_code = {"200": counts * (1 - share), "500": counts * share}
    return [
        watched(f"up{{{whose}}}", seconds, np.ones(len(seconds)), seen),
        *(
            watched(
                f'{REQUESTS}_count{{{whose},http_route="/{{slug}}",http_response_status_code="{code}"}}',
                seconds,
                counted,
                seen,
            )
            for code, counted in by_code.items()
        ),
    ]


@pytest.mark.parametrize(("share", "pages"), [(BUDGET / 2, False), (0.02, True)])
def test_new_pods_neither_burn_nor_hide_anything(share: float, pages: bool) -> None:
    """Every ten minutes another one, and for a minute both."""
    pods = [one for number in range(48) for one in life(number, 10 * number, 10 * number + 11, share)]
    nobody = minutes((480, 0, GONE))
    outcome = came("pods", nobody, more=pods)
    assert (fires(outcome)[BACK:] == pages).all()
    assert outcome.record(ERRORS, window="30d").values[-1] == pytest.approx(share, rel=0.01)
