"""The HTTP connection: uvicorn's, which also says at once when a client has gone.

ASGI tells an app of a lost client only when it asks, and most never ask; a partition would then look like answers
that were sent. The connection knows the moment, so it tells the telemetry.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from toprope_kit.requests import Request
from toprope_kit.telemetry import REQUEST, Telemetry


def plain(client: tuple[str, int] | None) -> tuple[str, int] | None:
    """The address without the prefix under which a socket for both families shows IPv4."""
    return (client[0].removeprefix("::ffff:"), client[1]) if client else client


class Connection(HttpToolsProtocol):
    """One client's connection; the app of its config must be a `Telemetry`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the client's address as networks are written, so that a trusted proxy is known by it."""
        super().connection_made(transport)
        self.client = plain(self.client)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count what this client still waited for, then let uvicorn clean up."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            request = cycle.scope.get(REQUEST)
            app = self.config.app
            if isinstance(request, Request) and isinstance(app, Telemetry):
                app.gone(request)
        super().connection_lost(exc)
