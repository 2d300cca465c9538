"""Hears from the database which links changed.

        connect, LISTEN ─► proof heard ─► gap told ─► heartbeat answered ─┐
             ▲                 │                          ▲ └── fresh ────┤ every 0.25 s
             │ 0.1 s, 5 s ◄────┘ not heard                └───────────────┘
           away, deaf ◄── refused, cut, or no answer in time

A trigger notifies on every change, in the transaction that makes it: who hears it can only read the new link. While
heartbeats are answered (`fresh`) everything remembered is true. After silence nobody knows what changed meanwhile:
`on_gap` is called, and what was remembered is asked anew.

The proof is a notification from another session, which has to reach this one while it rests: through a pooler that
gives its sessions to one transaction at a time it does not come, and no change would. One that we sent ourselves would
come back even there, whenever it met a session in which somebody listens.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import uuid4

import asyncpg

from toprope_kit import logs
from toprope_kit.lost import LOST

logger = logging.getLogger(__name__)

# Refused, unreachable, or too slow to say hello. A server that answers and lets nobody in, since it is full or the
# password is old, may still answer those who are in.
UNREACHABLE = (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)

LINKS = "shortener_links"
"""Where a trigger says `version slug`."""

PROOF = "0"
"""The version in a notification that tells of no link: versions begin at 1."""

UNHEARD = (
    "changes of links are not heard as they happen, and each link is asked for again within a second: give this "
    "service a way to the database without a pooler, or one that keeps a session for each client"
)

BEAT = 0.25
"""Seconds between heartbeats."""

FRESH_FOR = 0.8
"""Seconds that an answered heartbeat vouches for, from when it was sent; with the rest of the way under one second."""

AGAIN = 0.1
"""Seconds until the next try to connect."""

PROVEN_WITHIN = 2.0
"""Seconds in which the proof must be heard; a server that has just started may be busy."""

DEAF_AGAIN = 5.0
"""Seconds until the next try where it was not: what stands in between does not change from one moment to the next."""


class ChangesUnheard(Exception):
    """Changes of links do not reach this worker as they happen; it asks for each link again within a second."""


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
        self._token, self._proof = "", asyncio.Event()
        self.deaf = False
        """The last connection that listened did not hear what another one said."""
        self.away = False
        """The last try to connect found nobody: the database cannot be asked either."""

    @property
    def fresh(self) -> bool:
        """Whether every change up to a moment ago was heard."""
        return self._clock() < self._fresh_until

    async def check(self) -> None:
        """ChangesUnheard while changes are not heard."""
        if not self.fresh:
            raise ChangesUnheard

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            pause = AGAIN
            try:
                with suppress(*LOST, asyncpg.PostgresError, asyncpg.InternalClientError):
                    await self._listen()
            except ChangesUnheard:
                pause = DEAF_AGAIN
            self._fresh_until = 0.0
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        try:
            connection = await self._connect()
        except LOST as error:
            self.away = isinstance(error, UNREACHABLE)
            raise
        try:
            await connection.add_listener(LINKS, self._heard)
            self.away = False
            await self._prove()
            self._on_gap()
            await self._beat(connection)
        finally:
            self._fresh_until = 0.0
            connection.terminate()

    async def _prove(self) -> None:
        self._token, self._proof = uuid4().hex, asyncio.Event()
        other = await self._connect()
        try:
            await other.execute("SELECT pg_notify($1, $2)", LINKS, f"{PROOF} {self._token}")
        finally:
            other.terminate()
        try:
            async with asyncio.timeout(PROVEN_WITHIN):
                await self._proof.wait()
        except TimeoutError:
            if not self.deaf:
                logs.say(logger, UNHEARD, logging.WARNING)
            self.deaf = True
            raise ChangesUnheard from None
        self.deaf = False

    async def _beat(self, connection: asyncpg.Connection) -> None:
        while True:
            sent = self._clock()
            await connection.fetchval("SELECT 1", timeout=FRESH_FOR)
            self._fresh_until = sent + FRESH_FOR
            await asyncio.sleep(BEAT)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        version, slug = str(payload).split(" ", 1)
        if version != PROOF:
            self._on_change(slug, int(version))
        elif slug == self._token:
            self._proof.set()
