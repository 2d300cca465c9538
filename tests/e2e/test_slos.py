"""Somebody writes three SLOs on a resource; its numbers appear, and when all its pods are gone somebody is woken."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

from tests.e2e.monitoring import RELOADED, received, values
from tests.e2e.world import World, a_shortener, until
from toprope.cli.rendering import installation, resource_from
from toprope.kinds import KINDS
from toprope.slo.dashboards.queries import queries
from toprope.slo.rules import INTERVAL

SLOS = [
    {"name": "availability", "objective": "99.9", "availability": {}},
    {"name": "fast-redirects", "objective": "99", "latency": {"threshold": "250ms", "route": "redirect"}},
    {"name": "fast-api", "objective": "95", "window": "7d", "latency": {"threshold": "1s", "route": "api"}},
]
SCRAPED, SENT = 15.0, 15.0
"""Seconds until a count is in Prometheus; until an alert that fires has reached the receiver."""
EVALUATED = 3 * INTERVAL
"""Seconds until rules that Prometheus has just loaded have been evaluated and looked up."""


@contextmanager
def visits(world: World) -> Iterator[None]:
    """Ten visits a second, and a request to the API with each tenth."""
    ended = threading.Event()

    def visit() -> None:
        with world.visitor() as visitor, world.links() as api:
            for number in range(100_000):
                if ended.wait(0.1):
                    return
                try:
                    visitor.get("/first")
                    if number % 10 == 0:
                        api.get("/api/v1/links/first")
                except httpx.HTTPError:
                    continue

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def standings(world: World) -> dict[str, dict[str, Any]]:
    status = (world.get("sapp", "links") or {}).get("status") or {}
    return {one["name"]: one for one in status.get("slos") or ()}


def test_what_is_promised_is_measured_and_its_end_wakes_somebody(world: World) -> None:
    world.apply(a_shortener(world, slos=SLOS))
    world.wait_ready("links")
    world.make_link("first")
    with visits(world):
        all_is_well(world)
        every_panel_shows_something(world)
        somebody_is_woken(world)


def all_is_well(world: World) -> None:
    world.wait_condition("links", "RulesAccepted", "Evaluated", RELOADED + EVALUATED)
    world.wait_condition("links", "SlosMet", "AllMet", EVALUATED)
    found = standings(world)
    assert {name: one["state"] for name, one in found.items()} == dict.fromkeys(
        ("availability", "fast-redirects", "fast-api"), "Met"
    )
    assert [one["countedBy"] for one in found.values()] == ["Gateway", "Pods", "Pods"]
    assert found["availability"]["attained"] == "100"


def every_panel_shows_something(world: World) -> None:
    kind, resource = resource_from(a_shortener(world, slos=SLOS), KINDS, installation("", "", ""))
    asked = queries(kind.dashboard(resource, kind.rule_sets(resource)))

    def empty() -> list[tuple[str, str]]:
        return [(title, query) for title, query in asked if not values(world, query)]

    until(lambda: not empty(), lambda: f"panels that show nothing: {empty()}", EVALUATED, every=5)


def somebody_is_woken(world: World) -> None:
    deployment = world.find("deployments", "toprope.dev/name=links,app.kubernetes.io/component=web")[0]
    began = time.time()
    world.kubectl("scale", f"deployment/{deployment['metadata']['name']}", "--replicas=0")

    def pages() -> list[dict[str, Any]]:
        sent = [alert for alert in received(world) if alert["status"] == "firing"]
        return [one for one in sent if one["labels"] | {"slo": "availability", "severity": "page"} == one["labels"]]

    # Ten requests a second of a few minutes' past: the maths ask for less than a minute of errors.
    patience = INTERVAL + SCRAPED + 2 * INTERVAL + SENT
    until(lambda: bool(pages()), lambda: f"nobody was woken: {received(world)}, {standings(world)}", patience)
    page = pages()[0]
    assert page["labels"]["alertname"] == "ErrorBudgetBurn"
    assert page["labels"]["name"] == "links"
    assert page["annotations"]["runbook_url"].endswith("/ErrorBudgetBurn.md")
    assert datetime.fromisoformat(page["startsAt"]).timestamp() > began
    until(
        lambda: standings(world)["availability"]["state"] in ("Burning", "Exhausted"), lambda: str(standings(world)), 60
    )
