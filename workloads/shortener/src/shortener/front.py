"""The first door: one segment is a slug and goes to the redirect, everything else to the API.

It also puts on every answer what was noted about limits; errors are answers too.
"""

from shortener.limits import NOTED, Verdict
from toprope_kit.asgi import ASGIApp, Message, Receive, Scope, Send

REDIRECTED = frozenset({"GET", "HEAD", "POST"})


class Front:
    """Two apps behind one port."""

    def __init__(self, redirect: ASGIApp, api: ASGIApp) -> None:
        self._redirect = redirect
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the worker's start and end."""
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return

        async def send_with_limit(message: Message) -> None:
            noted: Verdict | None = scope.get(NOTED)
            if noted and message["type"] == "http.response.start":
                message["headers"] = (*message["headers"], *noted.headers())
            await send(message)

        path: str = scope["path"]
        one_segment = path.find("/", 1) < 0 and len(path) > 1
        app = self._redirect if one_segment and scope["method"] in REDIRECTED else self._api
        await app(scope, receive, send_with_limit)
