"""What a worker does beside answering: reads its live settings, brings the generation forward, forgets word counts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from search.codecs import teach
from search.embedding.embedder import Embedder
from search.follow import Follower, GenerationAbsent
from search.generation import Generation
from search.service import FOLLOWED, LAG, OLDEST
from toprope_kit import logs
from toprope_kit.lost import LOST
from toprope_kit.memory import Slot

logger = logging.getLogger(__name__)
LOOK = 0.25
"""Seconds between two looks whether documents have changed: a row of two numbers."""

PAUSE = 1.0
STATE = """
    SELECT source.sequence - generation.position AS lag, generation.state, (
        SELECT extract(epoch FROM now() - changed_at)::float8 FROM search.documents
        WHERE source = generation.source AND sequence > generation.position ORDER BY sequence LIMIT 1
    ) AS oldest
    FROM search.generations AS generation JOIN search.sources AS source ON source.id = generation.source
    WHERE generation.name = $1
"""


class Following:
    """This worker's part in following: the lag as it sees it, and the work when it is the one that has the lock."""

    def __init__(
        self, generation: Generation, embedder: Embedder, numbers: Slot, connect: Callable[[], Awaitable[Any]],
        rest: float,
    ) -> None:  # fmt: skip
        self._generation = generation
        self._embedder = embedder
        self._numbers = numbers
        self._connect = connect
        self._rest = rest
        self.lag: int | None = None
        """Changes that are still to be followed; None while nobody can say."""
        self.state = ""
        """Of the generation."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._follow()
            except (*LOST, asyncpg.PostgresError, asyncpg.InternalClientError, GenerationAbsent) as error:
                self.lag = None
                logs.say(logger, "documents are not followed", logging.WARNING, error=type(error).__qualname__)
            await asyncio.sleep(PAUSE)

    async def _follow(self) -> None:
        connection = await self._connect()
        try:
            await teach(connection)
            follower = Follower(connection, self._generation, self._embedder, self._rest)
            ours = False
            while True:
                await self._look(connection)
                if self.lag:
                    ours = ours or await follower.lock()
                    if ours:
                        done = await follower.follow()
                        self._numbers.cell(FOLLOWED).add(done.seen)
                        continue
                await asyncio.sleep(LOOK)
        finally:
            connection.terminate()

    async def _look(self, connection: Any) -> None:
        row = await connection.fetchrow(STATE, self._generation.name)
        if row is None:
            raise GenerationAbsent(self._generation.name)
        self.lag, self.state = row["lag"], row["state"]
        self._numbers.cell(LAG).set(row["lag"])
        self._numbers.cell(OLDEST).set(row["oldest"] or 0.0)


async def again_and_again(every: float, chore: Callable[[], Awaitable[None]]) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(every)
        await chore()
