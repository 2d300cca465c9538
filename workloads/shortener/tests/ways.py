"""The way from one pod to one server, which a test can cut."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Way:
    """Carries bytes between its own port and a server's, on a thread of its own."""

    def __init__(self, upstream: int) -> None:
        self.port = 0
        self._upstream = upstream
        self._writers: set[asyncio.StreamWriter] = set()

    def open(self) -> None:
        """Let everything through; connections that were cut stay cut."""
        self._do(self._open())

    def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        self._do(self._cut())

    def silence(self) -> None:
        """Let nothing through and tell nobody, as a network does that loses packets."""
        self._do(self._silence())

    async def carry(self, up: threading.Event) -> None:
        """Open until `close`."""
        self._loop, self._down, self._carries = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        await self._open()
        up.set()
        await self._down.wait()
        await self._cut()

    def close(self) -> None:
        """Ends `carry`; from any thread."""
        self._loop.call_soon_threadsafe(self._down.set)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        self._carries.set()
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _silence(self) -> None:
        self._carries.clear()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
            self._writers |= {writer, far_writer}
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while content := await reader.read(65536):
                await self._carries.wait()
                writer.write(content)
                await writer.drain()
        writer.transport.abort()
        self._writers.discard(writer)


@contextmanager
def a_way(upstream: int) -> Iterator[Way]:
    """An open way; gone afterwards."""
    way, up = Way(upstream), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(way.carry(up)), daemon=True)
    thread.start()
    if not up.wait(10):
        raise TimeoutError("the way did not open")
    try:
        yield way
    finally:
        way.close()
        thread.join(10)
