"""Lets the playground of another generation read what this one answers; nobody else's page may."""

from search.settings import LiveFile
from toprope_kit.asgi import ASGIApp, Message, Receive, Scope, Send


class Comparing:
    """Middleware: says whose pages may read an answer, when they are among `origins` of the live settings."""

    def __init__(self, app: ASGIApp, live: LiveFile) -> None:
        self._app = app
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        origin = next((value for name, value in scope.get("headers", ()) if name == b"origin"), None)
        if origin is None or scope.get("method") != "GET" or origin.decode("latin-1") not in self._live.now.origins:
            await self._app(scope, receive, send)
            return

        async def allowing(message: Message) -> None:
            if message["type"] == "http.response.start":
                allowed = (b"access-control-allow-origin", origin), (b"vary", b"origin")
                message["headers"] = [*message.get("headers", ()), *allowed]
            await send(message)

        await self._app(scope, receive, allowing)
