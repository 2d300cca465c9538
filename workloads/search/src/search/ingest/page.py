"""`/progress` on the ops port of a Job: what the operator reads while there is nothing to serve yet."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson

HEAD = "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
PATIENCE = 5.0


@asynccontextmanager
async def served(port: int, body: Callable[[], dict[str, Any]]) -> AsyncIterator[int]:
    """Answer while the block runs; the port that it got."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                found = head.split(b" ")[1:2] == [b"/progress"]
                content = orjson.dumps(body() if found else {"pages": ["/progress"]})
                status = "200 OK" if found else "404 Not Found"
                writer.write(HEAD.format(status=status, length=len(content)).encode() + content)
                await writer.drain()
        writer.close()

    # All addresses: a pod's own network; its NetworkPolicy says who gets through.
    server = await asyncio.start_server(answer, None, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
