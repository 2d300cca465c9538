"""Everything that one worker holds, and how long it lives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from search import chores
from search.bound import ROW, BoundSettings, contradictions
from search.chores import Following
from search.codecs import teach
from search.desk import Desk
from search.embedding import threads
from search.embedding.embedder import Embedder
from search.engine import Engine
from search.generation import Generation
from search.oracle import Oracle
from search.query import near
from search.questions import Questions
from search.settings import LiveFile, SearchSettings
from toprope_kit.database import Database, DatabaseAway, DatabaseSettings, connect, leave_as_is
from toprope_kit.tasks import stop
from toprope_kit.worker import Worker

LOOK = 1.0
"""Seconds between two looks at the live settings."""

FORGET = 60.0
"""Seconds for which it is remembered how rare words are."""


class NotThereYet(Exception):
    """The generation is not Ready, or behind its documents: no requests yet."""


class WrongGeneration(Exception):
    """The generation is none that this pod may serve."""


@dataclass(frozen=True)
class Configuration:
    """Everything that the environment says to a worker."""

    search: SearchSettings
    bound: BoundSettings
    database: DatabaseSettings

    @classmethod
    def load(cls) -> "Configuration":
        """From the environment; SettingsProblem names what is wrong in it."""
        return cls(SearchSettings.load(), BoundSettings.load(), DatabaseSettings.load())


class Parts:
    """One worker's. What stands on the generation is there once it runs."""

    engine: Engine
    desk: Desk
    oracle: Oracle
    following: Following

    def __init__(self, worker: Worker, configuration: Configuration, workers: int = 1) -> None:
        self.worker = worker
        self.configuration = configuration
        self.settings = configuration.search
        self.live = LiveFile(self.settings.live_file)
        self.live.look()
        count = self.settings.threads or threads.threads(workers)
        self.embedder = self.embedder_of(configuration.bound.model_dir, count)
        self.questions = Questions(self.embedder, worker.numbers, self.settings.cached_questions)
        self.database = Database(configuration.database, init=self._prepare, reset=leave_as_is)

    def embedder_of(self, folder: Path, threads: int) -> Embedder:
        """What embeds questions and documents."""
        return Embedder(folder, threads)

    @asynccontextmanager
    async def running(self, app: FastAPI | None) -> AsyncIterator[None]:
        """From the first request to the last."""
        async with AsyncExitStack() as stack:
            stack.callback(self.questions.close)
            await self.database.open()
            stack.push_async_callback(self.database.close)
            self._stand_on(await self._generation())
            tasks = [
                self.worker.start(work)
                for work in (
                    self.following.run(),
                    self.oracle.run(),
                    chores.again_and_again(LOOK, self._look),
                    chores.again_and_again(FORGET, self._forget),
                )
            ]
            stack.push_async_callback(stop, tasks)
            yield

    async def followed(self) -> None:
        """NotThereYet until the generation is Ready and has followed everything."""
        if self.following.state != "Ready" or self.following.lag != 0:
            raise NotThereYet

    def _stand_on(self, generation: Generation) -> None:
        numbers, settings = self.worker.numbers, self.settings
        self.engine = Engine(generation, self.database, self.questions, numbers)
        self.desk = Desk(self.database, generation, settings.api_key_file)
        self.oracle = Oracle(generation, self.database, numbers, lambda: self.live.now.recall_share)
        dial = partial(connect, self.configuration.database, command_timeout=60.0)
        self.following = Following(generation, self.embedder, numbers, dial, settings.follow_rest)

    async def _generation(self) -> Generation:
        """The row, as soon as the database can be asked; the program was refused before if it is the wrong one."""
        while True:
            try:
                async with self.database.acquire() as connection:
                    row = await connection.fetchrow(ROW, self.configuration.bound.generation)
                break
            except DatabaseAway:
                await asyncio.sleep(0.5)
        if row is None:
            raise WrongGeneration("absent")
        generation = Generation.of(row)
        if contradictions(generation, self.embedder.card, self.configuration.bound.metric):
            raise WrongGeneration("other")
        return generation

    async def _prepare(self, connection: Any) -> None:
        await teach(connection)
        await near.prepare(connection, self.live.now.ef_search)

    async def _look(self) -> None:
        before = self.live.now.ef_search
        if self.live.look() and self.live.now.ef_search != before:
            await self.database.renew()

    async def _forget(self) -> None:
        self.engine.forget()
