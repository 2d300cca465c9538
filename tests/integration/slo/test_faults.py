"""Hours of faults, of a service and of its Prometheus: what burns, who is woken, and who is not.

By the evaluator, which `test_promql` holds equal to promtool; what should happen is the oracle's.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.outages import PER_SECOND, Span, Tale, series
from tests.support.promql.series import Mask, Release, Row, Values
from toprope.slo.oracle import turns
from toprope.slo.promise import promise_of
from toprope.slo.proof import LATE, LATE_BY_SUMS
from toprope.slo.rules import BURNING, ERRORS, INTERVAL, LOST_RATE, MISSING, MISSING_FOR, Identity, Ruled, group
from toprope.slo.sli import Counted, sli_of
from toprope.slo.spec import Slo
from toprope.slo.windows import MINUTE, Severity

PODS, ROUTES = 'namespace="shop",toprope_dev_name="links"', {"redirect": ("/{slug}",)}
WHO = {
    "pods": Counted("shop", PODS, ROUTES),
    "gateway": Counted("shop", PODS, ROUTES, gateway='router=~"httproute-shop-links-web-.*"'),
}
SLO = Slo.model_validate({"name": "availability", "objective": "99.9", "availability": {}})
BUDGET = 0.001
HOLES: dict[str, Span] = {"an hour": (360, 420), "20 minutes": (360, 380)}
BACK = 4
"""Evaluations after a hole until all is known again: three until Prometheus is believed, one for a rate."""

everywhere = pytest.mark.parametrize("release", list(Release), ids=lambda one: one.name)
counted_by = pytest.mark.parametrize("who", list(WHO))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules made of a tale."""

    tale: Tale
    outcome: Outcome

    @property
    def minutes(self) -> Values:
        found: Values = self.outcome.at / (1000 * MINUTE)
        return found

    def fires(self, severity: Severity = Severity.PAGE, alert: str = BURNING) -> Mask:
        return self.outcome.firing(alert, severity=severity.value)

    def turns(self) -> list[tuple[float, bool]]:
        """When pages begin and end, in seconds."""
        fires = self.fires()
        turned = np.flatnonzero(np.diff(np.concatenate([[False], fires]).astype(int)))
        return [(float(self.outcome.at[index]) / 1000, bool(fires[index])) for index in turned]

    def burnt(self, minute: int) -> float:
        """By the rules, how many times its budget the traffic until that minute has spent."""
        return float(self.errors.values[np.argmax(self.minutes >= minute)]) / BUDGET

    def truly_burnt(self, minute: int) -> float:
        now = minute * MINUTE
        return self.tale.traffic.bad(0, now) / self.tale.traffic.total(0, now) / BUDGET

    @property
    def errors(self) -> Row:
        return self.outcome.record(ERRORS, window=SLO.window)

    @property
    def end(self) -> int:
        return self.tale.hours * 60


def seen(tale: Tale, who: str, release: Release) -> Seen:
    identity = Identity("shop", "ShortenerApp", "links", SLO.name)
    rules = group(Ruled(identity, sli_of(SLO, WHO[who]), promise_of(SLO)))
    return Seen(tale, evaluated(rules, series(tale), tale.evaluations, release))


def assert_turns_with_the_maths(found: Seen) -> None:
    live = promise_of(SLO).live
    wanted = turns(live, Severity.PAGE, promise_of(SLO).budget, found.tale.traffic)
    assert [fires for _, fires in found.turns()] == [turn.fires for turn in wanted]
    for (at, _), turn in zip(found.turns(), wanted, strict=True):
        assert 0 <= at - turn.at <= (LATE_BY_SUMS if turn.by_sums else LATE)


@everywhere
@counted_by
@pytest.mark.parametrize("refuse", [False, True], ids=["killed", "refusing"])
def test_pods_that_are_all_down_burn_and_page(refuse: bool, who: str, release: Release) -> None:
    found = seen(Tale(9, down=[(360, 380)], refuse=refuse), who, release)
    assert_turns_with_the_maths(found)
    evaluation = INTERVAL * PER_SECOND / found.tale.traffic.total(0, found.end * MINUTE) / BUDGET
    assert found.burnt(found.end) == pytest.approx(found.truly_burnt(found.end), abs=evaluation)


@everywhere
@counted_by
@pytest.mark.parametrize("hole", list(HOLES))
def test_a_hole_in_prometheus_burns_nothing_and_wakes_nobody(hole: str, who: str, release: Release) -> None:
    found = seen(Tale(9, bad=BUDGET / 2, unseen=[HOLES[hole]]), who, release)
    assert not any(found.fires(severity).any() for severity in Severity)
    lost = found.outcome.record(LOST_RATE)
    assert not lost.values[lost.there].any()
    assert found.errors.values[found.errors.there] / BUDGET == pytest.approx(0.5, abs=0.01)


@everywhere
@counted_by
@pytest.mark.parametrize("hole", list(HOLES))
@pytest.mark.parametrize("what", ["killed", "refusing", "failing"])
def test_what_burns_before_a_hole_burns_after_it(what: str, hole: str, who: str, release: Release) -> None:
    """Without a gateway, what nobody counts is worth the last hour's rate, and the hole is a part of that hour."""
    outage: Span = (350, 540)
    trouble = Tale(11, bad=0.1) if what == "failing" else Tale(11, down=[outage], refuse=what == "refusing")
    back = HOLES[hole][1]
    found = seen(replace(trouble, unseen=[HOLES[hole]]), who, release)
    running = (back + BACK <= found.minutes) & (found.minutes < outage[1])
    assert found.fires()[running].all()
    if trouble.down:
        burnt = found.burnt(outage[1]) - found.burnt(back + BACK)
        assert burnt >= (found.truly_burnt(outage[1]) - found.truly_burnt(back + BACK)) / 2


@everywhere
@pytest.mark.parametrize(("who", "hole"), [("gateway", "an hour"), ("gateway", "20 minutes"), ("pods", "20 minutes")])
def test_what_died_while_nobody_looked_pages_afterwards(who: str, hole: str, release: Release) -> None:
    began, back = HOLES[hole][0] + 10, HOLES[hole][1]
    found = seen(Tale(11, down=[(began, 540)], unseen=[HOLES[hole]]), who, release)
    assert found.fires()[(back + BACK <= found.minutes) & (found.minutes < 540)].all()
    assert not found.fires()[found.minutes < back].any()


@everywhere
def test_pods_that_nobody_saw_for_an_hour_are_told_as_missing(release: Release) -> None:
    """Whether they died, or were taken away, cannot be known: no page, and a ticket."""
    found = seen(Tale(11, down=[(370, 540)], unseen=[HOLES["an hour"]]), "pods", release)
    assert not found.fires().any()
    told = found.minutes[found.fires(Severity.TICKET, MISSING)]
    assert 0 <= told[0] - 420 - int(MISSING_FOR.removesuffix("m")) <= BACK
    assert told[-1] < 540 + BACK


@everywhere
@counted_by
@pytest.mark.parametrize("renewed", [10, 30])
def test_new_pods_neither_burn_nor_hide_anything(renewed: int, who: str, release: Release) -> None:
    calm = seen(Tale(9, bad=BUDGET / 2, renewed=renewed), who, release)
    assert not any(calm.fires(severity).any() for severity in Severity)
    assert calm.burnt(calm.end) == pytest.approx(0.5, abs=0.01)
    failing = seen(Tale(9, bad=0.02, renewed=renewed), who, release)
    assert failing.fires()[BACK:].all()
    assert failing.burnt(failing.end) == pytest.approx(0.02 / BUDGET, rel=0.01)


@everywhere
@counted_by
@pytest.mark.parametrize("refuse", [False, True], ids=["killed", "refusing"])
def test_a_crash_loop_pages_once_and_costs_what_it_costs(refuse: bool, who: str, release: Release) -> None:
    found = seen(Tale(12, down=[(begin, begin + 3) for begin in range(400, 600, 10)], refuse=refuse), who, release)
    assert_turns_with_the_maths(found)
    assert found.burnt(found.end) == pytest.approx(found.truly_burnt(found.end), rel=0.05)
