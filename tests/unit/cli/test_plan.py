"""`toprope plan`, as a person runs it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.unit.cli.test_commands import EXAMPLE, run
from toprope.cli.planned import spoken

AVAILABLE: dict[str, Any] = {"name": "available", "objective": "99.9", "availability": {}}
OWN: dict[str, Any] = {"name": "jobs", "objective": "99", "ratio": {"bad": "failed_total", "total": "jobs_total"}}


def manifest(*slos: dict[str, Any], **spec: Any) -> str:
    ours = {"apiVersion": "toprope.dev/v1alpha1", "kind": "ShortenerApp", "metadata": {"name": "links"}}
    return json.dumps({**ours, "spec": {"slos": slos, **spec}})


def planned(*slos: dict[str, Any]) -> dict[str, Any]:
    shown = run("plan", "-f", "-", "-o", "json", given=manifest(*slos))
    told: dict[str, Any] = json.loads(shown.stdout)["resources"][0]["slos"][0]
    return told


@pytest.mark.parametrize(
    "line",
    [
        "ShortenerApp default/links, at 10 events a second",
        "Counted by the gateway, without that by the pods;",
        "The budget of 30d is 25,920 bad events, or 43m12s of full outage.",
        "Until a page, by share of errors: 100 %: 52s, 10 %: 8m39s, 1 %: 3h36m.",
        "Until a ticket, by share of errors: 100 %: 4m20s, 10 %: 43m12s, 1 %: 7h12m.",
        "A page needs 519 bad events within 1h (pageQuick); the guard against chance asks for 38.",
    ],
)
def test_the_example_is_planned_in_words(line: str) -> None:
    shown = run("plan", "-f", EXAMPLE)
    assert shown.exit_code == 0
    assert line in shown.output


def test_how_often_to_scrape_is_said_only_where_it_matters() -> None:
    assert "scraped" not in run("plan", "-f", EXAMPLE).output


def test_at_little_traffic_the_guard_decides() -> None:
    shown = run("plan", "-f", EXAMPLE, "--requests-per-second", "0.01")
    assert "A page needs 3 bad events within 1h (pageQuick): at this traffic, fewer can be chance" in shown.output


@pytest.mark.parametrize(
    ("sentence", "changed", "line"),
    [
        ("a dead tier", {"objective": "90"}, "even if everything failed: pageQuick (above 144 %)."),
        ("no page", {"alerting": {"page": False}}, "No page: alerting.page is false."),
        ("no page can fire", {"objective": "80"}, "No page: none could ever fire at this objective."),
        ("a week", {"window": "7d"}, "The shortest window is 70s: its counters must be scraped every 17 s or oftener"),
        ("own counters", {"availability": None, "ratio": OWN["ratio"]}, "Counted by the counters of its selectors."),
    ],
)
def test_what_differs_is_said(sentence: str, changed: dict[str, Any], line: str) -> None:
    slo = {key: value for key, value in (AVAILABLE | changed).items() if value is not None}
    shown = run("plan", "-f", "-", given=manifest(slo))
    assert (shown.exit_code, line in shown.output) == (0, True), shown.output


def test_a_machine_gets_seconds() -> None:
    told = planned(AVAILABLE)
    assert told["budget"] == {"events": pytest.approx(25_920), "outageSeconds": 2592.0}
    assert told["firstAfter"]["page"] == {"100 %": pytest.approx(51.84), "10 %": pytest.approx(518.4), "1 %": 12960.0}
    assert [tier["errorsAbove"] for tier in told["tiers"]] == ["0.0144", "0.006", "0.003", "0.001"]
    assert planned(AVAILABLE | {"objective": "90"})["leftOut"] == ["pageQuick"]


def test_a_resource_without_slos_says_so() -> None:
    shown = run("plan", "-f", "-", given=manifest())
    assert (shown.exit_code, "promises nothing" in shown.output) == (0, True)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"objective": "99", "ratio": {"bad": "rate(a[5m])", "total": "b"}}, "must be a plain selector of counters"),
        ({"objective": "50", "availability": {}, "alerting": {"ticket": False}}, "none of the alerts"),
    ],
)
def test_a_broken_slo_is_named_and_the_others_are_planned(broken: dict[str, Any], why: str) -> None:
    given = manifest(AVAILABLE, {"name": "worse", **broken})
    shown = run("plan", "-f", "-", given=given)
    assert shown.exit_code == 1
    assert "spec.slos[1]: " in shown.stderr
    assert why in shown.stderr
    assert "25,920 bad events" in shown.stdout
    assert (
        why in json.loads(run("plan", "-f", "-", "-o", "json", given=given).stdout)["resources"][0]["slos"][1]["broken"]
    )


@pytest.mark.parametrize(
    ("slos", "why"),
    [
        ([AVAILABLE | {"objective": "100"}], "spec.slos[0].objective: "),
        ([AVAILABLE | {"window": "3d"}], "spec.slos[0].window: "),
        ([{"name": "a", "objective": "99", "latency": {"threshold": "42ms"}}], "spec.slos[0].latency.threshold: "),
        (
            [{"name": "a", "objective": "99", "latency": {"threshold": "50ms", "route": "x"}}],
            "spec.slos[0].latency.route: is none of redirect, api",
        ),
        ([AVAILABLE, AVAILABLE], "spec.slos: the names of SLOs are unique"),
        ([AVAILABLE | {"alerting": {"labels": {"slo": "x"}}}], "spec.slos[0].alerting.labels: "),
        ([AVAILABLE | {"alerting": {"labels": {"a-b": "x"}}}], "letters, digits and _"),
        ([AVAILABLE | {"ratio": OWN["ratio"]}], "exactly one of availability, latency and ratio"),
        ([AVAILABLE | {"alertng": {}}], "spec.slos[0].alertng: there is no such field"),
        ([AVAILABLE | {"objective": "99,9"}], 'an objective is a percentage with six decimals at most, as "99.9"'),
        ([AVAILABLE | {"objective": "99.9%"}], "an objective is a percentage"),
        ([AVAILABLE | {"objective": 99.9}], 'spec.slos[0].objective: must be text: write it in quotes, as "99.9"'),
        ([AVAILABLE | {"objective": ["99.9"]}], "spec.slos[0].objective: must be a single text"),
        ([AVAILABLE | {"objective": None}], "spec.slos[0].objective: has no value"),
        ([AVAILABLE | {"objective": "0.00"}], "an objective of 0 asks for nothing"),
        ([AVAILABLE | {"window": "1h"}], "a window is whole days, as 30d: 7d to 90d"),
        ([AVAILABLE | {"window": "007d"}], "a window is whole days, as 30d"),
        ([AVAILABLE | {"alerting": {"labels": {"__name__": "x"}}}], "not __ first"),
        ([AVAILABLE | {"runbook_url": "https://example.com"}], "spec.slos[0].runbook_url: there is no such field"),
    ],
)
def test_what_the_api_server_would_refuse_is_refused_with_its_field(slos: list[dict[str, Any]], why: str) -> None:
    shown = run("plan", "-f", "-", given=manifest(*slos))
    assert (shown.exit_code, why in shown.stderr) == (1, True), shown.output


def test_labels_of_ones_own_are_fields_of_a_map() -> None:
    given = manifest(AVAILABLE | {"alerting": {"labels": {"team": "links"}}})
    assert run("plan", "-f", "-", given=given).exit_code == 0


def test_a_prometheus_that_is_not_there_is_one_sentence() -> None:
    shown = run("plan", "-f", EXAMPLE, "--prometheus", "http://127.0.0.1:1")
    assert shown.exit_code == 0
    assert "Nothing is known of what is counted now: http://127.0.0.1:1 did not answer" in shown.stderr
    assert "25,920 bad events" in shown.stdout


@pytest.mark.parametrize("command", [("plan", "-f", EXAMPLE), ("status", "links")])
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://me:s3cret@127.0.0.1:1", "--prometheus holds a password"),
        ("localhost:9090", "an address as http://127.0.0.1"),
        ("http://", "an address as http://127.0.0.1"),
    ],
)
def test_an_address_that_is_none_or_holds_a_password_is_refused(command: tuple[str, ...], url: str, why: str) -> None:
    shown = run(*command, "--prometheus", url)
    assert (shown.exit_code, why in shown.output, "s3cret" in shown.output) == (2, True, False)


@asynccontextmanager
async def prometheus(retention: str | None) -> AsyncIterator[str]:
    """Has seven series of whatever is no failure; its address."""

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("runtimeinfo"):
            return web.json_response(
                {"status": "success", "data": {"storageRetention": retention} if retention else {}}
            )
        query = str((await request.post())["query"])
        if query == "time()":
            return web.json_response({"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}})
        found = [] if "failed_total" in query else [{"metric": {}, "value": [1, "7"]}]
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": found}})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


@pytest.mark.parametrize(
    ("retention", "told"),
    [
        ("15d", "Prometheus keeps 15d, less than the window: older bad events are forgotten"),
        ("90d", "Prometheus keeps 90d: long enough."),
        ("10GiB", "Prometheus does not say how long"),
        (None, "Prometheus does not say how long"),
    ],
)
async def test_what_prometheus_has_now_stands_in_the_plan(retention: str | None, told: str) -> None:
    async with prometheus(retention) as url:
        words = ("plan", "-f", "-", "--prometheus", url)
        shown = await asyncio.to_thread(run, *words, given=manifest(OWN))
    assert shown.exit_code == 0
    assert "Own, total: 7 series now." in shown.output
    assert "Own, bad: nothing matches now; that is 0, right while nothing has failed: failed_total{" in shown.output
    assert told in shown.output


async def test_a_machine_reads_what_prometheus_has_now() -> None:
    async with prometheus("15d") as url:
        shown = await asyncio.to_thread(run, "plan", "-f", "-", "-o", "json", "--prometheus", url, given=manifest(OWN))
    told = json.loads(shown.stdout)
    slo = told["resources"][0]["slos"][0]
    assert [(one["side"], one["series"]) for one in slo["selectors"]] == [("total", 7), ("bad", 0)]
    assert (told["prometheus"], slo["historyTooShort"]) == ({"retentionSeconds": 15 * 86400.0}, True)


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "never"), (0.0, "0s"), (51.84, "52s"), (600.0, "10m"), (12960.0, "3h36m")]
)
def test_times_are_said_in_two_units(seconds: float | None, words: str) -> None:
    assert spoken(seconds) == words
