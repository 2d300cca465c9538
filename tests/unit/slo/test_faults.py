"""What else happens to a service while its rules run: new pods, a namesake, a changed spec."""

import numpy as np
import pytest

from tests.support.outages import GONE, UP, at_minute, availability, came_of, minutes
from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import NAME, Series, every, labels_of, recorded
from tests.support.proofs import COUNTED, stored, watched
from toprope.slo.proof import SOMEBODY
from toprope.slo.rules import ALLOWED, BURNING, LEFT, LOST_RATE, OBJECTIVE, TOTAL, TOTAL_RATE, group
from toprope.slo.sli import REQUESTS, Counted
from toprope.slo.windows import DAY, MINUTE

RATE = 10.0


def lives(pod: int, begin: int, end: int, until: int) -> list[Series]:
    """The series of a pod that lives from one minute to another, and counts from 0."""
    seconds = np.arange(0, until * MINUTE + 1, 15.0)
    seen = (seconds >= begin * MINUTE) & (seconds < end * MINUTE)
    whose = f'{COUNTED.pods},pod="{pod}"'
    answered = f'{REQUESTS}_count{{{whose},http_route="/{{slug}}",http_response_status_code="200"}}'
    return [
        watched(answered, seconds, np.maximum(0, RATE * (seconds - begin * MINUTE)), seen),
        watched(f"up{{{whose}}}", seconds, np.ones(len(seconds)), seen),
    ]


def test_pods_that_follow_one_another_are_one_service() -> None:
    until = 12 * 60
    pods = [one for hour in range(12) for one in lives(hour, 60 * hour, 60 * hour + 61, until)]
    always = watched(
        SOMEBODY, np.arange(0, until * MINUTE + 1, 15.0), np.ones(4 * until + 1), np.ones(4 * until + 1) > 0
    )
    outcome = evaluated(group(availability()), [*pods, always], every(60, until * MINUTE))
    total = at_minute(outcome, until, TOTAL, window="6h") or 0.0
    # Each pod's first scrape is lost, and for a minute there are two.
    assert total == pytest.approx(RATE * 6 * 60 * MINUTE * 61 / 60, rel=0.01)
    assert at_minute(outcome, until, LEFT) == 1
    assert at_minute(outcome, until, ALLOWED) == pytest.approx(0.001 * RATE * 30 * DAY * 61 / 60, rel=0.02)
    assert not (outcome.record(LOST_RATE).values > 0).any()


def test_a_namesake_in_another_namespace_is_somebody_else() -> None:
    story = minutes((180, RATE, UP), (20, RATE, GONE))
    there = Counted("test", COUNTED.pods.replace("shop", "test"), COUNTED.routes)
    alone, well = came_of(availability(), story), availability(there)
    theirs = stored(well, minutes((200, RATE, UP)))[:-1]
    outcome = evaluated(group(well), [*theirs, *stored(availability(), story)], every(60, 200 * MINUTE))
    told = [recorded(row, outcome.at) for row in outcome.records]
    assert same(alone, came_of(availability(), story, more=[*theirs, *told]))
    assert not outcome.firing(BURNING, severity="page").any()


def same(one: Outcome, other: Outcome) -> bool:
    rows = [{row.labels: row for row in (*each.records, *each.alerts)} for each in (one, other)]
    return rows[0].keys() == rows[1].keys() and all(
        np.array_equal(row.there, rows[1][labels].there)
        and np.array_equal(row.values[row.there], rows[1][labels].values[row.there])
        for labels, row in rows[0].items()
    )


def test_a_spec_that_changes_while_its_alert_fires_leaves_no_gap() -> None:
    story, changed = minutes((180, RATE, UP), (60, RATE, GONE)), 200
    before, after = group(availability()), group(availability(objective="99.5"))
    objective, *others = after["rules"]
    at = every(60, story.traffic.seconds)
    versions = [
        Series(labels_of({NAME: OBJECTIVE, **rules["labels"]}), at[kept], np.full(kept.sum(), 0.9), at[kept] < 0)
        for rules, kept in ((before["rules"][0], at < changed * 60_000), (objective, at >= changed * 60_000))
    ]
    outcome = evaluated({**after, "rules": others}, [*stored(availability(), story), *versions], at)
    through = came_of(availability(objective="99.5"), story)
    for record in (LOST_RATE, TOTAL_RATE):
        assert np.array_equal(outcome.record(record).there, through.record(record).there)
        assert np.array_equal(outcome.record(record).values, through.record(record).values)
    assert outcome.firing(BURNING, severity="page")[changed - 5 :].all()
