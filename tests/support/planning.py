"""An API server on paper with one resource and its children, for commands that ask what would change."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from typer.testing import CliRunner, Result

from tests.support.shorteners import Paper, with_spec
from toprope.cli.app import app
from toprope.cli.paper import merged
from toprope.core.resource import Resource

META = {"name": "links", "namespace": "default"}
ROOT = "/apis/toprope.dev/v1alpha1/namespaces/default/shortenerapps/links"


@dataclass
class Place:
    """An API server with one resource and its children; what it was asked for in other words than GET and dry runs."""

    kubeconfig: Path
    paper: Paper
    status: Mapping[str, Any] = field(default_factory=dict)
    """Over that of the settled resource."""
    notes: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    """By the end of a path: what is answered there."""
    writes: list[str] = field(default_factory=list)
    refuses: tuple[int, Mapping[str, Any]] | None = None
    """What it answers to dry runs."""

    @property
    def resource(self) -> Resource:
        return self.paper.resource

    async def answer(self, request: web.Request) -> web.Response:
        """One request."""
        if request.query.get("dryRun") == "All":
            status, said = self.refuses or (200, await request.json())
            return web.json_response(said, status=status)
        self.writes += [request.method] if request.method != "GET" else []
        for end, code in self.answers.items():
            if request.path.endswith(end):
                return web.json_response({"message": "you may not"}, status=code)
        if request.path == ROOT:
            return web.json_response(self.live())
        assert "labelSelector" in request.query
        found = [one for one in self.paper.cluster.objects if one.resource.path("default") == request.path]
        return web.json_response({"items": [self.paper.cluster.child(one) for one in found]})

    def live(self) -> dict[str, Any]:
        metadata = {**META, "uid": "paper", "generation": 1, "resourceVersion": "1", "annotations": dict(self.notes)}
        return {
            **written(self.resource),
            "metadata": metadata,
            "status": merged(self.resource.status.dump(), self.status),
        }

    async def plan(self, change: Mapping[str, Any], *words: str) -> Result:
        """As a person runs it, with this change of the spec that lives."""
        given = json.dumps(written(with_spec(self.resource, change)))
        environment = {"KUBECONFIG": str(self.kubeconfig), "COLUMNS": "200"}
        shown = await asyncio.to_thread(
            CliRunner().invoke, app, ["plan", "-f", "-", *words], input=given, env=environment
        )
        assert self.writes == []
        return shown

    async def told(self, change: Mapping[str, Any], *words: str) -> dict[str, Any]:
        shown = await self.plan(change, "-o", "json", *words)
        found: dict[str, Any] = json.loads(shown.stdout)["resources"][0]["change"]
        return found


def written(resource: Resource) -> dict[str, Any]:
    spec = resource.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"apiVersion": "toprope.dev/v1alpha1", "kind": "ShortenerApp", "metadata": META, "spec": spec}
