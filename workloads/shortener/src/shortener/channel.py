"""Hears from the database which links changed.

        connect, LISTEN ─► gap told ─► heartbeat answered ─┐
             ▲                             ▲ └── fresh ────┤ every 0.25 s
             │ 0.1 s                       └───────────────┘
           away, deaf ◄── refused, cut, or no answer in time

A trigger notifies on every change, in the transaction that makes it: who hears it can only read the new link. While
heartbeats are answered (`fresh`) everything remembered is true. After silence nobody knows what changed meanwhile:
`on_gap` is called, and what was remembered is asked anew.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

from shortener.lost import LOST

# Refused, unreachable, or too slow to say hello. A server that answers and lets nobody in, since it is full or the
# password is old, may still answer those who are in.
UNREACHABLE = (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)

BEAT = 0.25
"""Seconds between heartbeats."""

FRESH_FOR = 0.8
"""Seconds that an answered heartbeat vouches for, from when it was sent; with the rest of the way under one second."""

AGAIN = 0.1
"""Seconds until the next try to connect."""


class Channel:
    """One connection of this worker, that only listens."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        on_change: Callable[[str, int], None],
        on_gap: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._on_change = on_change
        self._on_gap = on_gap
        self._clock = clock
        self._fresh_until = 0.0
        self.away = False
        """The last try to connect found nobody: the database cannot be asked either."""

    @property
    def fresh(self) -> bool:
        """Whether every change up to a moment ago was heard."""
        return self._clock() < self._fresh_until

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            with suppress(*LOST, asyncpg.PostgresError, asyncpg.InternalClientError):
                await self._listen()
            self._fresh_until = 0.0
            await asyncio.sleep(AGAIN)

    async def _listen(self) -> None:
        try:
            connection = await self._connect()
        except LOST as error:
            self.away = isinstance(error, UNREACHABLE)
            raise
        try:
            await connection.add_listener("shortener_links", self._heard)
            self.away = False
            self._on_gap()
            await self._beat(connection)
        finally:
            self._fresh_until = 0.0
            connection.terminate()

    async def _beat(self, connection: asyncpg.Connection) -> None:
        while True:
            sent = self._clock()
            await connection.fetchval("SELECT 1", timeout=FRESH_FOR)
            self._fresh_until = sent + FRESH_FOR
            await asyncio.sleep(BEAT)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        version, slug = str(payload).split(" ", 1)
        self._on_change(slug, int(version))
