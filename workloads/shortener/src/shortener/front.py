"""The first door: one segment is a slug and goes to the redirect, everything else to the API.

It also puts on the API's answers what the gate noted about limits; errors are answers too.
"""

from shortener.gate import SCOPE_KEY
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
        path: str = scope["path"]
        if path.find("/", 1) < 0 and len(path) > 1 and scope["method"] in REDIRECTED:
            await self._redirect(scope, receive, send)
            return

        async def send_with_limit(message: Message) -> None:
            noted: dict[str, str] | None = scope.get(SCOPE_KEY)
            if noted and message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                extra = [(name.lower().encode(), value.encode()) for name, value in noted.items()]
                message["headers"] = [*message["headers"], *(pair for pair in extra if pair[0] not in present)]
            await send(message)

        await self._api(scope, receive, send_with_limit)
