"""Requests that are sent once: aiohttp sends a GET a second time when its connection ends, and so hides whoever cuts
off some of them.

A session with this middleware closes each connection after its answer: one that is kept may be closed by the other side
just as the next request is sent, and that would look like a cut.
"""

import aiohttp

NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class BrokenOff(Exception):
    """A connection ended without an answer."""


async def once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A middleware for client sessions."""
    try:
        return await handler(request)
    except NO_CONNECTION:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise BrokenOff from error
