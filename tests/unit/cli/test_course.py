"""How budgets went: asked of a Prometheus, drawn in a line, and told to machines."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.prometheus_on_paper import matrix, on_paper
from toprope.cli.course import POINTS, Course, course, course_json, sparkline
from toprope.slo.status import SloStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIVE: dict[str, Any] = {"kind": "ShortenerApp", "metadata": {"namespace": "shop", "name": "links"}}
SLOS = [SloStatus(name="availability", window="30d"), SloStatus(name="fast", window="7d")]


async def test_one_query_is_asked_for_all_of_a_resource_over_the_longest_window() -> None:
    page = matrix(({"slo": "availability"}, [[1, "0.5"], [2, "NaN"], [3, "-1"]]), ({"slo": "another"}, [[1, "1"]]))
    async with on_paper(page) as (paper, prometheus):
        found = await course(prometheus, LIVE, SLOS, NOW)
    assert found.budgets == {"availability": [(1.0, 0.5), (3.0, -1.0)], "fast": ()}
    (asked,) = paper.asked
    whose = 'namespace="shop",kind="ShortenerApp",name="links"'
    assert asked["query"] == f"min by (slo) (slo:budget:remaining{{{whose}}})"
    start, end, step = (float(asked[field]) for field in ("start", "end", "step"))
    assert end == NOW.timestamp()
    assert end - start == pytest.approx(timedelta(days=30).total_seconds(), rel=0.001)
    assert (end - start) / step + 1 == POINTS


def test_a_sparkline_has_a_character_for_each_moment_and_gaps() -> None:
    found = Course(start=1000, step=10, budgets={})
    points = [(1000.0, 1.0), (1010.0, 0.5), (1030.0, 0.0), (1040.0, -7.0), (1590.0, 2.0)]
    assert sparkline(points, found) == "█▅ ▁▁" + " " * 54 + "█"


def test_machines_are_told_each_point_with_its_moment() -> None:
    assert course_json(Course(0, 10, {"fast": [(10.0, 0.25)]})) == {
        "fast": [{"at": "1970-01-01T00:00:10Z", "remaining": 0.25}]
    }
