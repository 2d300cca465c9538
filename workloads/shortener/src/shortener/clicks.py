"""Clicks on their way from a redirect to the database, off the request's path.

    redirect ─► waiting (bounded) ─► batch ─► COPY into the inbox ─► move_clicks() ─► statistics
                   │ full: dropped, counted     │ lost: the same batch again, by its id
                                                │ refused: its halves, down to the row that is dropped and counted

A batch is written at least twice a second. What waits in memory is what a killed worker loses; the supervisor counts
it. On SIGTERM `drain` returns when nothing waits any more.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID, uuid4

import asyncpg

from shortener import agents
from shortener.service import BUFFERED, FULL, INVALID, LAG, RETRIED, WRITTEN
from toprope_kit.lost import LOST
from toprope_kit.memory import Slot

BATCH = 1_000
"""Clicks a batch; made in about 3 ms, which other requests wait for."""

PAUSE = 0.4
"""Seconds until waiting clicks are written, when a batch is not full sooner."""

LONGEST_PAUSE = 1.0
"""Seconds between two tries of one batch, at most."""

# A row that never gets in, however often it is tried: said by the database, or by its driver before.
REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError, TypeError, OverflowError)

Row = tuple[int, datetime, str, str, bool, str]


class Click(NamedTuple):
    """One visit as it came in; lives in memory only, and for a second."""

    link_id: int
    at: float
    referrer: bytes
    agent: bytes
    address: str


class Inbox(Protocol):
    """Where batches go."""

    async def write(self, batch: UUID, rows: list[Row]) -> None:
        """All rows, once, however often it is called with this batch."""
        ...


def row(click: Click) -> Row:
    """What is kept of a click."""
    family, bot = agents.agent(click.agent)
    at = datetime.fromtimestamp(click.at, UTC)
    return click.link_id, at, agents.referrer(click.referrer), family, bot, agents.network(click.address)


class Clicks:
    """The clicks of one worker."""

    def __init__(self, inbox: Inbox, numbers: Slot, size: int, clock: Callable[[], float] = time.time) -> None:
        self._inbox = inbox
        self._clock = clock
        self._size = size
        self._waiting: deque[Click] = deque()
        self._enough = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._numbers = numbers
        self._buffered = numbers.cell(BUFFERED)
        self._held = 0

    def add(self, click: Click) -> None:
        """Remember it; dropped and counted when as many wait as may."""
        if self._held >= self._size:
            self._numbers.cell(FULL).add(1)
            return
        self._waiting.append(click)
        self._held += 1
        self._buffered.set(self._held)
        if self._held == 1:
            self._empty.clear()
        if len(self._waiting) >= BATCH:
            self._enough.set()

    async def drain(self) -> None:
        """Write what waits, now; returns when nothing does."""
        self._enough.set()
        await self._empty.wait()

    async def run(self) -> None:
        """Write batches until cancelled."""
        while True:
            if len(self._waiting) < BATCH:
                await self._pause()
            clicks = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            if clicks:
                await self._write([row(click) for click in clicks], clicks[0].at)
            self._note()

    async def _pause(self) -> None:
        self._enough.clear()
        # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with what it waits for.
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSE):
                await self._enough.wait()

    async def _write(self, rows: list[Row], oldest: float) -> None:
        """Until all rows are written, or dropped because they can never be: nothing waits behind one of them."""
        try:
            await self._written(rows, oldest)
        except REFUSED:
            if len(rows) > 1:
                middle = len(rows) // 2
                await self._write(rows[:middle], oldest)
                await self._write(rows[middle:], oldest)
                return
            self._numbers.cell(INVALID).add(1)
        else:
            self._numbers.cell(WRITTEN).add(len(rows))
        self._held -= len(rows)
        self._buffered.set(self._held)

    async def _written(self, rows: list[Row], oldest: float) -> None:
        batch, pause = uuid4(), 0.05
        while True:
            try:
                await self._inbox.write(batch, rows)
            except REFUSED:
                raise
            except (*LOST, asyncpg.PostgresError):
                self._numbers.cell(RETRIED).add(1)
                self._numbers.cell(LAG).set(self._clock() - oldest)
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads workers, keeps no secret
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return

    def _note(self) -> None:
        self._buffered.set(self._held)
        self._numbers.cell(LAG).set(self._clock() - self._waiting[0].at if self._waiting else 0)
        if self._held == 0:
            self._empty.set()
