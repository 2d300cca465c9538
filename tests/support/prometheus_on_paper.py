"""A Prometheus that answers what a test says: whole pages, or the records of services on paper."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from toprope.io.prometheus import Prometheus, reached
from toprope.slo.rules import OBJECTIVE


@dataclass(slots=True)
class Page:
    """One answer."""

    body: str | bytes = ""
    status: int = 200
    hangs: bool = False


@dataclass(slots=True)
class PaperPrometheus:
    """Answers `pages` in turn, the last one for ever; remembers who asked what."""

    pages: list[Page] = field(default_factory=list)
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        groups = {"rule_group[]": request.query.getall("rule_group[]", [])}
        self.asked.append({"path": request.path, **request.headers, **groups, **(await request.post())})
        page = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        if page.hangs:
            await asyncio.sleep(3600)
        body = page.body if isinstance(page.body, bytes) else page.body.encode()
        return web.Response(body=body, status=page.status)


@asynccontextmanager
async def on_paper(
    *pages: Page, patience: float = 10.0, **files: Any
) -> AsyncIterator[tuple[PaperPrometheus, Prometheus]]:
    """The server, and a client of it."""
    paper = PaperPrometheus(list(pages))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", paper.answer)
    async with TestServer(app) as server:
        way = reached(str(server.make_url("/prom/")), **files)
        async with Prometheus(way, patience) as client:
            yield paper, client


def success(data: Any) -> Page:
    return Page(json.dumps({"status": "success", "data": data}))


def matrix(*series: Any) -> Page:
    """Series as (labels, [[time, text], …])."""
    return success(
        {"resultType": "matrix", "result": [{"metric": labels, "values": values} for labels, values in series]}
    )


def objective(slo: str, rules: str = "version1", window: str = "30d") -> dict[str, str]:
    """The labels of the record that proves which rules run."""
    whose = {"namespace": "shop", "kind": "Tiny", "name": "links", "slo": slo}
    return {"__name__": OBJECTIVE, **whose, "window": window, "rules": rules}
