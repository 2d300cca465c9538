"""The end of a worker, in order: the last request is answered, then the service drains, then its app shuts down.

The server says `lifespan.shutdown` when no request runs any more; the drains run between hearing that and telling the
app. One that fails is logged and does not keep the others from running.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from toprope_kit.asgi import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)
Drain = Callable[[], Awaitable[None]]


class Lifespan:
    """The ASGI app of everything that is not a request. `seconds` bounds all drains together."""

    def __init__(self, app: ASGIApp, drains: Sequence[Drain], seconds: float) -> None:
        self._app = app
        self._drains = drains
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; the shutdown message only after the drains."""

        async def heard() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.drain()
            return message

        await self._app(scope, heard, send)

    async def drain(self) -> None:
        """Run all drains, one after the other, within their time."""
        try:
            async with asyncio.timeout(self._seconds):
                for drain in self._drains:
                    await _one(drain)
        except TimeoutError:
            logger.error("a drain did not finish in time; what it still held is lost")  # noqa: TRY400


async def _one(drain: Drain) -> None:
    try:
        await drain()
    except TimeoutError:
        raise
    except Exception:
        logger.exception("a drain failed; what it still held is lost")
