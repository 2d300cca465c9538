"""One worker, put together."""

from fastapi import FastAPI

from search import page
from search.comparing import Comparing
from search.parts import Configuration, Parts
from search.routes import router
from toprope_kit import problem
from toprope_kit.asgi import ASGIApp
from toprope_kit.server import ServerSettings
from toprope_kit.worker import Worker


def create(worker: Worker) -> ASGIApp:
    """The ASGI app of one worker, as the environment describes it."""
    return api(Parts(worker, Configuration.load(), ServerSettings.load().workers))


def api(parts: Parts) -> FastAPI:
    """The app around these parts; they run while its lifespan does."""
    app = FastAPI(
        title="Toprope search",
        version="1",
        description="Semantic search: by meaning, by words, or both. Errors are RFC 9457 problems.",
        lifespan=parts.running,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problem.install(app)
    app.add_middleware(Comparing, live=parts.live)
    app.include_router(router)
    app.include_router(page.router)
    app.state.parts = parts
    worker = parts.worker
    worker.readiness.add("database", parts.database.check, timeout=1.0, need="once")
    worker.readiness.add("generation", parts.followed, timeout=1.0, need="once")
    return app
