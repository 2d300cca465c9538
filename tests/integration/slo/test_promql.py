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
from tests.support.promql.worlds import State, Story, World
from toprope.slo.rules import INTERVAL, Identity, Ruled, group
from toprope.slo.sli import Counted, sli_of
from toprope.slo.spec import Slo
from toprope.slo.windows import DAY, Severity

POD = 'namespace="shop",toprope_dev_name="links"'
ROUTES = {"redirect": ("/{slug}",), "all": ("/*",)}
ALONE = Counted("shop", POD, ROUTES)
BEHIND = Counted("shop", POD, ROUTES, gateway='service=~"shop-links-.*"')
OWN = {"bad": 'jobs_total{result="failed"}', "total": "jobs_total"}

UP, REFUSES, GONE, UNSEEN = State
BOTH = ("a", "b")
STORIES = {
    "errors are born late, a counter begins anew": Story(born={"500": 47, "499": 20}, resets={"a": (33, 90)}),
    "counters are young and small": Story(minutes=60, a_second=0.02, resets={"b": (20, 24)}, born={"500": 30}),
    "every fifth scrape is missed": Story(missed=0.2, resets={"b": (61,)}),
    "one pod vanishes and returns": Story(spans={"a": [(0, 12, GONE), (50, 58, GONE)]}, resets={"a": (58,)}),
    "all pods vanish and return": Story(spans={pod: [(70, 105, GONE)] for pod in BOTH}, resets={"a": (105,)}),
    "all pods refuse, twice": Story(spans={pod: [(66, 71, REFUSES), (74, 100, REFUSES)] for pod in BOTH}),
    "nobody is scraped for a while": Story(spans={one: [(70, 91, UNSEEN)] for one in (*BOTH, "gateway", "other")}),
    "pods refuse and nobody else is up": Story(
        spans={"a": [(66, 96, REFUSES)], "b": [(66, 96, GONE)], "other": [(75, 85, REFUSES)]}
    ),
    "the gateway comes and goes, and so do the pods": Story(
        spans={"gateway": [(0, 35, GONE), (110, 150, GONE)], **{pod: [(90, 130, GONE)] for pod in BOTH}}
    ),
}
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
    return group(Ruled(identity, sli_of(slo, counted), objective, days * DAY, severities, {"team": "links"}))


def difference(ours: Sample, theirs: Sample) -> Mapping[Any, Any]:
    return {
        labels: (ours.get(labels), theirs.get(labels))
        for labels in ours.keys() | theirs.keys()
        if labels not in ours
        or labels not in theirs
        or not math.isclose(ours[labels], theirs[labels], rel_tol=1e-9, abs_tol=1e-12)
    }


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


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
@pytest.mark.parametrize("name", GROUPS)
def test_rule_groups(name: str, story: Story, tmp_path: Path) -> None:
    assert_equal(rules_of(name, "99.5"), story, seed=len(name), folder=tmp_path)
