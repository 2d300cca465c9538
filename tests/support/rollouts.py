"""A ShortenerApp in the middle of a release, as the API server has it; and an API server that has nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner, Result

from toprope.cli.app import app
from toprope.cli.paper import merged
from toprope.cli.rollout.reading import Reading, reading
from toprope.core.conditions import timestamp
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPEC = {
    "traffic": {"gateway": {"name": "public"}},
    "slos": [{"name": "availability", "objective": "99.9", "availability": {}}],
    "rollout": {"steps": [{"weight": "1%"}, {"weight": "10%", "hold": "2m"}, {"weight": "50%"}]},
}
JUDGED = {
    "slo": "availability", "verdict": "Undecided", "reason": "GatheringEvidence",
    "message": "4 bad of 2,000, stable had 5 of 18,000 in the same time: too little to say",
    "candidate": {"total": 2000, "bad": 4}, "stable": {"total": 18_000, "bad": 5},
    "countedSince": timestamp(NOW - timedelta(seconds=40)), "toPass": "0.40", "toFail": "0.10", "kept": "{}",
}  # fmt: skip
RECORD = {
    "candidate": "new", "stable": "old", "began": "2026-01-01T11:50:00Z", "ended": "2026-01-01T11:55:00Z",
    "outcome": "RolledBack", "reason": "WorseThanStable", "message": "27 bad of 1,904.", "lost": 1027,
    "weights": [
        {"weight": "1%", "decided": "2026-01-01T11:50:30Z"}, {"weight": "0%", "decided": "2026-01-01T11:54:00Z"},
    ],
}  # fmt: skip


def ago(seconds: float) -> str:
    """So long before NOW, as a status says it."""
    return timestamp(NOW - timedelta(seconds=seconds))


def a_resource(
    rollout: Mapping[str, Any] | None, candidate: str | None = "new", *, notes: Mapping[str, str] | None = None,
    spec: Mapping[str, Any] = SPEC, **status: Any,
) -> dict[str, Any]:  # fmt: skip
    """The object. `notes` are annotations, the plain word is toprope.dev's."""
    annotations = {f"toprope.dev/{word}": value for word, value in (notes or {}).items()}
    metadata = {"namespace": "default", "name": "links", "generation": 2, "uid": "paper", "annotations": annotations}
    revision = {"stable": "old", **({"candidate": candidate} if candidate else {})}
    told = {"observedGeneration": 2, "revision": revision, "conditions": [], **status}
    return {
        "apiVersion": "toprope.dev/v1alpha1",
        "kind": "ShortenerApp",
        "metadata": metadata,
        "spec": spec,
        "status": {**told, **({"rollout": dict(rollout)} if rollout else {})},
    }


def at(phase: str, reason: str = "AReason", message: str = "A sentence.", **more: Any) -> dict[str, Any]:
    """The rollout's part of a status."""
    return {"phase": phase, "reason": reason, "message": message, "since": ago(50), "began": ago(90), **more}


HOLDING = at(
    "Holding", "GatheringEvidence", "availability: too little to say.", step=2, weight="10%", stepped=ago(60),
    judged=[JUDGED], judgedAt=timestamp(NOW), countedBy="Gateway", lost=4,
)  # fmt: skip


def read(rollout: Mapping[str, Any] | None, candidate: str | None = "new", **more: Any) -> Reading:
    """The same as commands read it."""
    return reading(SHORTENER_APP, a_resource(rollout, candidate, **more))


@dataclass
class PaperApi:
    """Answers for one resource with `looks` in turn, the last one for ever; keeps the annotations that it is sent."""

    kubeconfig: Path
    looks: list[Mapping[str, Any]] = field(default_factory=list)
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    last: Mapping[str, Any] = field(default_factory=dict)
    away: frozenset[int] = frozenset()
    """The looks, by number, that are answered by 503."""
    looked: int = 0

    async def get(self, request: web.Request) -> web.Response:
        """One look."""
        self.looked += 1
        if self.looked in self.away:
            return web.json_response({"message": "not now"}, status=503)
        self.last = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return web.json_response(self.last) if self.last else _missing()

    async def patch(self, request: web.Request) -> web.Response:
        """A merge patch; it shows in all looks to come."""
        assert request.content_type == "application/merge-patch+json"
        body = json.loads(await request.read())
        self.sent.append(body["metadata"]["annotations"])
        self.looks = [merged(one, body) for one in self.looks]
        return web.json_response(merged(self.last, body))

    async def run(self, *words: str, **more: str) -> Result:
        """A command as a person runs it; `more` is environment."""
        environment = {"KUBECONFIG": str(self.kubeconfig), "COLUMNS": "200", **more}
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=environment)


def _missing() -> web.Response:
    told = {"message": "not found", "reason": "NotFound", "details": {"name": "links"}}
    return web.json_response(told, status=404)


@asynccontextmanager
async def paper_api(folder: Path, looks: Sequence[Mapping[str, Any]]) -> AsyncIterator[PaperApi]:
    """Serves until the end of the block."""
    api, site = PaperApi(folder / "kubeconfig", list(looks)), web.Application()
    path = "/apis/toprope.dev/v1alpha1/namespaces/default/shortenerapps/links"
    site.router.add_get(path, api.get)
    site.router.add_patch(path, api.patch)
    async with TestServer(site) as server:
        cluster = {"cluster": {"server": str(server.make_url("/")).rstrip("/")}, "name": "here"}
        context = {"context": {"cluster": "here", "user": "me"}, "name": "here"}
        users = [{"name": "me", "user": {}}]
        config = {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "here"}
        api.kubeconfig.write_text(yaml.safe_dump(config))
        yield api
