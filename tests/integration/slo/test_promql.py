"""The vectorised evaluator and promtool have the same samples, at every evaluation, of all that our rules say."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.promql import promtool
from tests.support.promql.groups import evaluated
from tests.support.promql.promtool import Sample
from tests.support.promql.series import every
from tests.support.promql.stories import ALONE, BEHIND, OWN, STORIES
from tests.support.promql.worlds import Story, World
from toprope.slo.promise import Promise
from toprope.slo.rules import INTERVAL, Identity, Ruled, group
from toprope.slo.sli import Counted, sli_of
from toprope.slo.spec import Slo
from toprope.slo.windows import DAY, Severity

GROUPS: dict[str, tuple[Counted, int, tuple[Severity, ...], dict[str, Any]]] = {
    "availability through a gateway": (BEHIND, 30, tuple(Severity), {"availability": {}}),
    "availability of pods alone": (ALONE, 7, tuple(Severity), {"availability": {}}),
    "latency": (ALONE, 30, (Severity.PAGE,), {"latency": {"threshold": "1s"}}),
    "latency of one route": (ALONE, 10, tuple(Severity), {"latency": {"threshold": "250ms", "route": "redirect"}}),
    "own counters": (ALONE, 7, (Severity.TICKET,), {"ratio": OWN}),
}


def rules_of(name: str, objective: str) -> dict[str, Any]:
    counted, days, severities, indicator = GROUPS[name]
    slo = Slo.model_validate({"name": "an-slo", "objective": objective, **indicator})
    identity = Identity("shop", "ShortenerApp", "links", slo.name)
    promise = Promise(slo.name, objective, days * DAY, severities)
    return group(Ruled(identity, sli_of(slo, counted), promise, {"team": "links"}))


def difference(ours: Sample, theirs: Sample) -> Mapping[Any, Any]:
    return {
        labels: (ours.get(labels), theirs.get(labels))
        for labels in ours.keys() | theirs.keys()
        if not same(ours.get(labels), theirs.get(labels))
    }


def same(one: float | None, other: float | None) -> bool:
    if one is None or other is None or math.isnan(one):
        return one is other or (one is not None and other is not None and math.isnan(other))
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def assert_equal(rules: Mapping[str, Any], story: Story, seed: int, folder: Path) -> None:
    series, at = World(story, seed).series(), every(INTERVAL, story.minutes * 60)
    theirs = promtool.samples(rules, series, at, folder)
    ours = promtool.ours(evaluated(rules, series, at))
    differ = {
        time: found
        for time, one, other in zip(at.tolist(), ours, theirs, strict=True)
        if (found := difference(one, other))
    }
    assert not differ, f"at {len(differ)} evaluations, first {next(iter(differ.items()))}"


# A gateway's rules contain all forms of the pods' own; the others are held by the stories that are theirs.
CASES = [
    *(("availability through a gateway", story) for story in STORIES),
    ("availability of pods alone", "errors are born late, a counter begins anew"),
    ("availability of pods alone", "all pods vanish and return"),
    ("availability of pods alone", "one pod is not ready, then all are not"),
    ("availability of pods alone", "nobody is scraped for a while"),
    ("availability of pods alone", "there is nothing at first"),
    ("latency", "nobody asks for a while"),
    ("latency", "all pods refuse, twice"),
    ("latency of one route", "counters are young and small"),
    ("latency of one route", "pods refuse and nobody else is up"),
    ("own counters", "every fifth scrape is missed"),
    ("own counters", "one pod vanishes and returns"),
]


@pytest.mark.parametrize(("name", "story"), CASES)
def test_rule_groups(name: str, story: str, tmp_path: Path) -> None:
    assert_equal(rules_of(name, "99.5"), STORIES[story], seed=len(story), folder=tmp_path)


FORMS = {
    "by": 'sum by (pod, http_route) (http_server_request_duration_seconds_count{http_response_status_code!~"4.."})',
    "without": "max without (le, pod) (http_server_request_duration_seconds_bucket)",
    "count of what is up": "count by (toprope_dev_name) (up == 1)",
    "all range functions": "avg_over_time(up[4m]) + sum_over_time(up[4m]) * count_over_time(up[4m])",
    "averages of what there is": "avg by (toprope_dev_name) (up offset 90s)",
    "a label that need not be there": 'sum without (pod) (up{sli=~"fast|"})',
    "an average": "avg without (pod, result) (jobs_total unless up == 0)",
    "present": 'present_over_time(http_server_request_duration_seconds_count{http_response_status_code="500"}[70s])',
    "what was some time ago": "count_over_time(up[4m] offset 7m) + jobs_total offset 6m",
    "the last of a while": "last_over_time(up[9m]) + last_over_time(jobs_total[5m] offset 90s)",
    "absent": 'absent(http_server_request_duration_seconds_count{http_response_status_code="500",pod=~"links-.*"})',
    "rates per series": "rate(http_server_request_duration_seconds_bucket[1m])",
    "filters keep what they filter": "up{pod!=''} >= 1 and on (pod) jobs_total != 7",
    "a scalar on the left": "2 * 3 - 1 > clamp_max(rate(jobs_total[7m]), 0.5)",
    "bounds": "sqrt(clamp_min(jobs_total - 100, -3) / 2) <= 9",
    "sets by all labels": "jobs_total unless jobs_total > 60 or jobs_total < 300",
    "sets by one label": "(jobs_total > 50 or on (pod) up) unless on (result) vector(3)",
    "division by nothing": "jobs_total / (jobs_total - jobs_total)",
}


@pytest.mark.parametrize("story", ["errors are born late, a counter begins anew", "one pod vanishes and returns"])
def test_single_expressions(story: str, tmp_path: Path) -> None:
    forms = [{"record": f"form:{number}", "expr": expr} for number, expr in enumerate(FORMS.values())]
    assert_equal({"name": "forms", "rules": forms}, STORIES[story], seed=5, folder=tmp_path)
