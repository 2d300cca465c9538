"""What the redirect is measured against: a bare FastAPI one, and ours with a part left out."""

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from shortener.app import Configuration, Parts, front
from shortener.clicks import Click, Clicks
from shortener.service import SERVICE
from toprope_kit.asgi import ASGIApp
from toprope_kit.worker import Worker


def bare() -> ASGIApp:
    """A redirect that knows its target and does nothing else."""
    app = FastAPI()

    @app.get("/{slug}")
    async def redirect(slug: str) -> RedirectResponse:
        return RedirectResponse("https://example.org/", status_code=302)

    return app


def uncounted() -> ASGIApp:
    """Ours without the kit's histogram and logs."""
    return front(Parts(Worker.local(SERVICE), Configuration.load()))


def unrecorded() -> ASGIApp:
    """Ours without histogram, logs and clicks."""
    parts = Parts(Worker.local(SERVICE), Configuration.load())
    parts.clicks = NoClicks(parts.store, parts.worker.numbers, size=1)
    return front(parts)


class NoClicks(Clicks):
    """Clicks that leave no trace."""

    def add(self, click: Click) -> None:
        """Forget it."""
