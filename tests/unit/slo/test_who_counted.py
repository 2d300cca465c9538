"""Records that say what was there to be counted: whether a gateway was until lately, whether `bad` selects anything."""

import numpy as np
import pytest

from tests.support.outages import UP, at_minute, availability, came_of, minutes
from tests.support.promql.groups import evaluated
from tests.support.promql.series import every
from tests.support.proofs import BEHIND, watched
from toprope.slo.rules import BAD_SERIES, FIRST, LATELY, group
from toprope.slo.windows import MINUTE

END, GONE_AT = 240, 100
SECONDS = np.arange(0, END * MINUTE + 1, 15.0)
QUIET = minutes((END, 0, UP))


def test_a_gateway_that_died_is_remembered_for_an_hour_though_nobody_asked_it() -> None:
    ruled = availability(BEHIND)
    refused = ruled.sli.sources[0].examples[1].name
    gateway = watched(refused, SECONDS, np.ones(SECONDS.size), SECONDS < GONE_AT * MINUTE)
    outcome = came_of(ruled, QUIET, more=[gateway])
    found = [[at_minute(outcome, at, record) is not None for record in (FIRST, LATELY)] for at in (90, 102, 158, 162)]
    assert found == [[True, True], [False, True], [False, True], [False, False]]


def test_a_gateway_that_was_never_there_is_not_remembered() -> None:
    assert at_minute(came_of(availability(BEHIND), QUIET), END, LATELY) is None


@pytest.mark.parametrize(("result", "is_found"), [("failed", True), ("done", False)])
def test_whether_the_selector_of_bad_events_matches_anything(result: str, is_found: bool) -> None:
    own = {"bad": 'jobs_total{result="failed"}', "total": "jobs_total"}
    counted = f'jobs_total{{namespace="shop",result="{result}"}}'
    series = watched(counted, SECONDS, SECONDS, SECONDS >= 0)
    outcome = evaluated(group(availability(availability=None, ratio=own)), [series], every(60, END * MINUTE))
    assert (at_minute(outcome, END, BAD_SERIES) is not None) == is_found
