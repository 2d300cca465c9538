"""A service with one route for each thing that can happen to a request; the server's tests run it for real."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI, Response
from pydantic import BaseModel

from toprope_kit import problem, trace
from toprope_kit.asgi import ASGIApp
from toprope_kit.problem import NotFound, Unavailable
from toprope_kit.service import Counter, Gauge, Service
from toprope_kit.worker import Worker

WRITTEN = Counter("demo_items_written_total", "Items written.")
LOST = Counter("demo_items_lost_total", "Items lost.", labels={"reason": "killed"})
HELD = Gauge("demo_items_held", "Items in memory.", on_death=LOST)
AGE = Gauge("demo_items_age_seconds", "Age of the oldest item.", merge="max")
SERVICE = Service(
    name="demo",
    factory="workloads.kit.tests.app:create",
    published={"redirect": ("/{slug}",), "api": ("/api/v1/*",)},
    numbers=(WRITTEN, LOST, HELD, AGE),
)


class Item(BaseModel):
    """Something to send."""

    name: str
    password: int


def create(worker: Worker) -> ASGIApp:
    """The app. With `DRAINED` in the environment, draining leaves a file there."""
    app = FastAPI(telemetry=trace.FASTAPI_OFF, lifespan=_lifespan)
    problem.install(app)
    app.include_router(_api(), prefix="/api/v1")
    _odd_routes(app)
    held = worker.numbers.cell(HELD)

    @app.get("/{slug}")
    async def follow(slug: str) -> Response:
        held.add()
        return Response(status_code=302, headers={"location": "https://example.com/"})

    async def drain() -> None:
        if mark := os.environ.get("DRAINED"):
            Path(mark).write_text(f"{held.value:.0f}")  # noqa: ASYNC240  (nothing else runs any more)
        worker.numbers.cell(WRITTEN).add(held.value)
        held.set(0)

    worker.on_drain(drain)

    @app.post("/odd/fail")
    async def fail() -> None:
        worker.start(_fails())

    return app


async def _fails() -> None:
    raise RuntimeError("a task came to an end")


def broken(worker: Worker) -> ASGIApp:
    """A factory that fails."""
    raise RuntimeError("no such thing: hunter2")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


def _api() -> APIRouter:
    api = APIRouter()

    @api.post("/items/{item}")
    async def put(item: str, body: Item) -> dict[str, str]:
        return {"item": item}

    return api


def _odd_routes(app: FastAPI) -> None:
    @app.get("/odd/slow")
    async def slow(seconds: float) -> dict[str, int]:
        await asyncio.sleep(seconds)
        return {"pid": os.getpid()}

    @app.get("/odd/stuck")
    async def stuck() -> None:
        time.sleep(600)  # noqa: ASYNC251  (the fault itself: it blocks the event loop)

    @app.get("/odd/boom")
    async def boom() -> None:
        raise ValueError("hunter2")

    @app.get("/odd/away")
    async def away() -> None:
        raise Unavailable("The cellar is flooded.", retry_after=7)

    @app.get("/odd/missing")
    async def missing() -> None:
        raise NotFound("There is no such item.")
