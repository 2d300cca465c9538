"""Does the index find what an exact search finds, on what people really ask? A share of live queries is asked again.

    an answer ─► one of a hundred ─► waits (few, or it is dropped and counted) ─► exactly ─► hit or miss
                                                                                    └─ miss ─► both once more

Off the request's path, one at a time. One trial a query: a hit when the tenth is as near as the exact tenth. Between
the two a document may be written, which would look like a miss: so a miss is asked a second time.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from search.codecs import Vector
from search.generation import Generation
from search.query import near
from search.query.filters import Filters
from search.query.near import Near
from search.service import HITS, MISSES, UNASKED
from toprope_kit.database import Database, DatabaseAway
from toprope_kit.memory import Slot

AT = 10
WAITING = 32
REST = 4.0
"""Seconds of rest for each that a comparison took: at most a fifth of one connection's time."""

WAIT = 5.0
"""Seconds that a comparison waits for a connection: those who wait for an answer come first."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer to be compared."""

    vector: Vector
    filters: Filters
    found: tuple[Near, ...]


class Oracle:
    """One worker's."""

    def __init__(
        self, generation: Generation, database: Database, numbers: Slot, share: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._generation = generation
        self._database = database
        self._numbers = numbers
        self._share = share
        self._chance = chance
        self._counts = near.Counts(generation)
        self._waiting: asyncio.Queue[Sample] = asyncio.Queue(WAITING)

    def offer(self, sample: Sample) -> None:
        """One of them is taken, by chance."""
        if self._chance() >= self._share():
            return
        try:
            self._waiting.put_nowait(sample)
        except asyncio.QueueFull:
            self._numbers.cell(UNASKED).add(1)

    async def run(self) -> None:
        """Compare until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            sample = await self._waiting.get()
            start = loop.time()
            try:
                self._numbers.cell(HITS if await self._is_hit(sample) else MISSES).add(1)
            except DatabaseAway:
                self._numbers.cell(UNASKED).add(1)
            self._waiting.task_done()
            await asyncio.sleep((loop.time() - start) * REST)

    async def idle(self) -> None:
        """Until nothing waits any more."""
        await self._waiting.join()

    async def _is_hit(self, sample: Sample) -> bool:
        generation, vector, filters = self._generation, sample.vector, sample.filters
        async with self._database.acquire(WAIT) as connection:
            exact = await near.exactly_all(connection, generation, vector, filters, AT)
            if near.hit(sample.found, exact):
                return True
            found = await near.nearest(
                connection, generation, self._counts, vector, filters, max(AT, len(sample.found))
            )
            exact = await near.exactly_all(connection, generation, vector, filters, AT)
            return near.hit(found, exact)
