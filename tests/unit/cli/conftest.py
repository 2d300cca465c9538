"""The API server on paper that plans are made against."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.planning import Place
from tests.support.shorteners import WITH_TRAFFIC, Paper, a_shortener, give_secret

SPEC = {**WITH_TRAFFIC, "slos": [{"name": "availability", "objective": "99.9", "availability": {}}]}


@pytest.fixture
def paper(request: pytest.FixtureRequest) -> Paper:
    """The world of these changes of the spec, or made by this function: a parameter."""
    if callable(made := getattr(request, "param", {})):
        found: Paper = made()
        return found
    world = Paper(a_shortener({**SPEC, **made}))
    for name, keys in {"my-database": ["owner-uri", "app-uri"], "my-cache": ["uri"]}.items():
        give_secret(world, name, keys)
    return world.settle()


@pytest.fixture
async def place(tmp_path: Path, paper: Paper) -> AsyncIterator[Place]:
    found, site = Place(tmp_path / "kubeconfig", paper), web.Application()
    site.router.add_route("*", "/{path:.*}", found.answer)
    async with TestServer(site) as server:
        cluster = {"cluster": {"server": str(server.make_url("/")).rstrip("/")}, "name": "here"}
        context = {"context": {"cluster": "here", "user": "me"}, "name": "here"}
        users = [{"name": "me", "user": {}}]
        config = {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "here"}
        found.kubeconfig.write_text(yaml.safe_dump(config))
        yield found
