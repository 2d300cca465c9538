"""`toprope status` as a person runs it, against an API server and a Prometheus on paper."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from typer.testing import CliRunner, Result

from tests.support.prometheus_on_paper import Page, PaperPrometheus, matrix
from toprope.cli.app import app

SLO = {"name": "availability", "objective": "99.9", "window": "30d", "state": "Met", "budgetRemaining": "0.71"}
CONDITION = {
    "type": "Ready", "status": "True", "reason": "Serving", "message": "All is well.",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}  # fmt: skip
WENT = matrix(({"slo": "availability"}, [[60, "0.5"]]))


class World:
    """One resource, `links`, and what is asked about it."""

    def __init__(self, server: BaseTestServer, paper: PaperPrometheus, kubeconfig: Path) -> None:
        self.paper, self.live, self.prometheus = paper, {"slos": [SLO]}, str(server.make_url("/"))
        self._kubeconfig = kubeconfig
        cluster = {"cluster": {"server": self.prometheus.rstrip("/")}, "name": "here"}
        context = {"context": {"cluster": "here", "user": "me"}, "name": "here"}
        users = [{"name": "me", "user": {}}]
        config = {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "here"}
        kubeconfig.write_text(yaml.safe_dump(config))

    def resource(self) -> dict[str, Any]:
        metadata = {"namespace": "default", "name": "links", "generation": 1}
        status = {"observedGeneration": 1, "conditions": [CONDITION], **self.live}
        return {"kind": "ShortenerApp", "metadata": metadata, "status": status}

    async def run(self, *words: str) -> Result:
        environment = {"KUBECONFIG": str(self._kubeconfig)}
        return await asyncio.to_thread(CliRunner().invoke, app, ["status", "links", *words], env=environment)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async def resource(request: web.Request) -> web.Response:
        return web.json_response(found.resource())

    paper, site = PaperPrometheus([WENT]), web.Application()
    site.router.add_get("/apis/toprope.dev/v1alpha1/namespaces/default/shortenerapps/links", resource)
    site.router.add_route("*", "/api/v1/{path:.*}", paper.answer)
    async with TestServer(site) as server:
        found = World(server, paper, tmp_path / "kubeconfig")
        yield found


async def test_slos_stand_before_conditions(world: World) -> None:
    shown = await world.run()
    words = [line.split()[0] for line in shown.stdout.splitlines() if line.strip()]
    assert words == ["ShortenerApp", "SLO", "availability", "CONDITION", "Ready"]
    assert world.paper.asked == []


async def test_how_the_budgets_went_is_drawn_where_a_prometheus_is_named(world: World) -> None:
    shown = await world.run("--prometheus", world.prometheus)
    assert (shown.exit_code, "BUDGET LEFT SINCE" in shown.stdout) == (0, True)


async def test_where_nothing_was_recorded_that_is_said(world: World) -> None:
    world.paper.pages = [matrix()]
    assert "nothing is recorded" in (await world.run("--prometheus", world.prometheus)).stdout


async def test_a_prometheus_that_fails_is_a_sentence_and_the_rest_is_shown(world: World) -> None:
    world.paper.pages = [Page("oh dear", 503)]
    shown = await world.run("--prometheus", world.prometheus)
    assert (shown.exit_code, "All is well." in shown.stdout, "BUDGET LEFT SINCE" in shown.stdout) == (0, True, False)
    (sentence,) = shown.stderr.splitlines()
    assert sentence.startswith("How the budgets went is not known. ")
    assert "answers 503" in sentence


async def test_a_prometheus_that_is_not_there_is_a_sentence_too(world: World) -> None:
    shown = await world.run("--prometheus", "http://127.0.0.1:1", "-o", "json")
    assert (shown.exit_code, len(shown.stderr.splitlines())) == (0, 1)
    assert json.loads(shown.stdout) == world.resource()["status"]


async def test_machines_read_the_status_as_it_stands_there_and_how_the_budgets_went(world: World) -> None:
    assert json.loads((await world.run("-o", "json")).stdout) == world.resource()["status"]
    shown = await world.run("-o", "json", "--prometheus", world.prometheus)
    went = {"availability": [{"at": "1970-01-01T00:01:00Z", "remaining": 0.5}]}
    assert json.loads(shown.stdout) == {**world.resource()["status"], "budgets": went}


async def test_of_a_resource_without_slos_nothing_about_them_is_shown_or_asked(world: World) -> None:
    world.live = {}
    shown = await world.run("--prometheus", world.prometheus)
    words = [line.split()[0] for line in shown.stdout.splitlines() if line.strip()]
    assert (words, world.paper.asked, shown.stderr) == (["ShortenerApp", "CONDITION", "Ready"], [], "")
