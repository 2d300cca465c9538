"""What fills a generation, step by step. One Job runs it, as often as it takes.

    fetch ─► load ─► follow (take over, embed) ─► index, words, ANALYZE ─► follow what came meanwhile ─► verify ─► Ready
      │        │                                                                                           │
      └────────┴──── Refused: state Failed, one sentence, exit 3 ◄─────────────────────────────────────────┘

Every step may be repeated; a program that is killed, or loses its database, goes on where it was. Only one works on a
generation at a time.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import asyncpg

from search.codecs import teach
from search.embedding.embedder import Embedder
from search.follow import Followed, Follower
from search.generation import Generation
from search.ingest import build, lines, load, quality, row, verify
from search.ingest.fetch import digest_of, fetched
from search.ingest.load import Loaded
from search.ingest.progress import Progress
from search.ingest.settings import IngestSettings
from search.query import near
from toprope_kit import logs
from toprope_kit.database import DatabaseSettings, connect
from toprope_kit.lost import LOST
from toprope_kit.migrate.reach import SLOWEST, reached
from toprope_kit.outcome import Failure, Refused

logger = logging.getLogger(__name__)
PAUSE = 1.0
TOLD_EVERY = 2.0
ROUNDS = 20
"""Times that we follow what others wrote meanwhile before we say that they write faster than we embed."""


LIVES = 30
"""Times that the database may go away under one run."""


NDCG = "SELECT ndcg FROM search.generations WHERE name = $1 AND judged = $2"


class Busy(Failure):
    """Somebody else works on this generation."""


class Ingest:
    """One generation being filled."""

    def __init__(self, settings: IngestSettings, database: DatabaseSettings, embedder: Embedder) -> None:
        self.settings = settings
        self._database = database
        self.embedder = embedder
        self.generation: Generation = row.wanted(settings, embedder.card)
        self.progress = Progress()
        self.loaded = Loaded()
        self.followed = Followed()
        self._told = 0.0

    async def run(self) -> None:
        """Until it is Ready; a Failure says why it is not."""
        for _ in range(LIVES):
            try:
                async with self._connected() as connection:
                    await self._steps(connection)
                return
            except asyncpg.DiskFullError as error:
                raise Failure(f"the database's disk is full ({self.progress.stage}): give its volume room") from error
            except (*LOST, asyncpg.InternalClientError) as error:
                logs.say(logger, "the database went away; we go on where we were", error=type(error).__qualname__)
            await asyncio.sleep(PAUSE)
        raise Failure(f"the database went away {LIVES} times; look why, then start the Job again")

    async def refresh(self) -> None:
        """The source once more, and what follows of it; a generation that is not Ready is filled whole instead."""
        async with self._connected() as connection:
            state = await connection.fetchval(
                "SELECT state FROM search.generations WHERE name = $1", self.generation.name
            )
            if state == "Ready":
                await row.begin(connection, self.generation, self.settings.app_role)
                await self._load(connection)
                await self._follow_alone(connection)
                await build.terms(connection, self.generation.source)
                await self._tell(connection, at_once=True)
                return
        await self.run()

    async def _steps(self, connection: Any) -> None:
        if await row.begin(connection, self.generation, self.settings.app_role) == "Ready":
            # A Job that is started again after its success; its pods may follow already.
            self.progress.enter("Ready")
            return
        try:
            await self._load(connection)
            follower = Follower(connection, self.generation, self.embedder)
            if not await follower.lock():
                raise Busy(f"generation {self.generation.name} is being filled by somebody else; look for its Job")
            await self._follow(connection, follower)
            await self._index(connection)
            await self._catch_up(connection, follower)
            await self._verify(connection)
            await self._catch_up(connection, follower)
        except Refused as refusal:
            self.progress.enter("Failed")
            await row.failed(connection, self.generation.name, str(refusal))
            await self._tell(connection, at_once=True)
            raise
        self.progress.enter("Ready")
        await row.ready(connection, self.generation.name)
        await self._tell(connection, at_once=True)

    async def _load(self, connection: Any) -> None:
        source, mapping = self.generation.source, self.settings.ingest_fields
        self.progress.enter("Loading")
        with ExitStack() as stack:
            # Downloads wait for the network, and must not keep `/progress` waiting with them.
            path = await asyncio.to_thread(stack.enter_context, fetched(self.settings))
            content = await asyncio.to_thread(digest_of, path)
            with lines.opened(path) as found:
                self.loaded = await load.examine(connection, source, found, mapping, self._examined)
            self._judge(self.loaded)
            self.progress.enter("Loading", self.loaded.lines)
            with lines.opened(path) as found:
                await load.write(connection, source, found, mapping, self.progress.at)
        await load.bury_vanished(connection, source)
        await connection.execute(
            "UPDATE search.sources SET content = $2, lines = $3, loaded_at = now() WHERE id = $1",
            source, content, self.loaded.lines,
        )  # fmt: skip

    def _examined(self, loaded: Loaded) -> None:
        self.progress.lines, self.progress.rejected = loaded.lines, loaded.rejected
        self.progress.at(loaded.lines)

    def _judge(self, loaded: Loaded) -> None:
        if not loaded.lines:
            raise Refused("the source holds no line: no document, no index")
        if loaded.rejected > self.settings.rejected_share * loaded.lines:
            most = ", ".join(load.told(loaded.reasons.items()))
            raise Refused(
                f"{loaded.rejected} of {loaded.lines} lines were rejected; {self.settings.rejected_share:.2%} may be: "
                f"{most}; search.rejected_lines names them all"
            )

    async def _follow(self, connection: Any, follower: Follower) -> None:
        lag = await follower.lag()
        self.progress.enter("Embedding", lag)
        telling = asyncio.create_task(self._keep_telling())
        try:
            self.followed = await follower.follow(self._followed)
        finally:
            telling.cancel()

    def _followed(self, done: Followed) -> None:
        self.progress.at(done.seen)

    async def _follow_alone(self, connection: Any) -> None:
        """Beside pods that follow, too: whoever has the lock does it."""
        follower = Follower(connection, self.generation, self.embedder)
        deadline = time.monotonic() + self.settings.database_wait
        while not await follower.lock():
            if not await follower.lag():
                return
            if time.monotonic() > deadline:
                raise Busy(f"generation {self.generation.name} is followed by a pod that does not get done")
            await asyncio.sleep(PAUSE)
        await self._follow(connection, follower)

    async def _catch_up(self, connection: Any, follower: Follower) -> None:
        for _ in range(ROUNDS):
            if not await follower.lag():
                return
            await follower.follow()
        raise Failure("documents are written faster than they are embedded: give the Job more processors")

    async def _index(self, connection: Any) -> None:
        self.progress.enter("Indexing")

        def tell(done: int, total: int) -> None:
            self.progress.total = total
            self.progress.at(done)

        telling = asyncio.create_task(self._keep_telling())
        try:
            await build.indices(connection, self.generation, self._another, tell)
            await build.terms(connection, self.generation.source)
        finally:
            telling.cancel()

    async def _verify(self, connection: Any) -> None:
        self.progress.enter("Verifying", self.settings.verify_queries)
        await near.prepare(connection, self.settings.ef_search)
        asked = await verify.questions(connection, self.generation, self.settings.verify_queries)
        recall = await verify.measure(connection, self.generation, self.embedder, asked, self.progress.at)
        digest, ndcg = None, None
        if self.settings.quality_file is not None:
            digest, judged = quality.read(self.settings.quality_file)
            ndcg = await quality.measure(connection, self.generation, self.embedder, judged)
        await row.prove(connection, self.generation.name, recall, ndcg, digest)
        self._judge_recall(recall)
        if digest is not None and ndcg is not None:
            await self._judge_quality(connection, digest, ndcg)

    def _judge_recall(self, recall: verify.Recall) -> None:
        if recall.trials and recall.lower <= self.settings.recall_objective:
            raise Refused(
                f"recall: {recall.hits} of {recall.trials} questions found what an exact search finds; that proves "
                f"{recall.lower:.4f}, and the objective is {self.settings.recall_objective:.4f}; raise hnsw.m, "
                "hnsw.efConstruction or efSearch, or quantise less"
            )

    async def _judge_quality(self, connection: Any, digest: str, ndcg: float) -> None:
        stable = await connection.fetchval(NDCG, self.settings.stable_generation, digest)
        if stable is not None and ndcg < stable - self.settings.quality_tolerance:
            raise Refused(
                f"quality: nDCG@10 is {ndcg:.4f}, and {stable:.4f} with generation {self.settings.stable_generation}; "
                f"{self.settings.quality_tolerance:.4f} less is tolerated"
            )

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        connection = await reached(self._database, self.settings.database_wait)
        try:
            await teach(connection)
            yield connection
        finally:
            connection.terminate()

    async def _another(self) -> Any:
        return await connect(self._database, command_timeout=SLOWEST)

    async def _tell(self, connection: Any, *, at_once: bool = False) -> None:
        if at_once or time.monotonic() - self._told > TOLD_EVERY:
            self._told = time.monotonic()
            await row.tell(connection, self.generation.name, self.progress.as_json(), self.loaded.rejected)

    async def _keep_telling(self) -> None:
        """Over a connection of its own: the other one is at work. Whoever cannot be told misses nothing for good."""
        try:
            connection = await self._another()
        except LOST:
            return
        try:
            while True:
                await self._tell(connection)
                await asyncio.sleep(TOLD_EVERY)
        except (*LOST, asyncpg.PostgresError):
            return
        finally:
            connection.terminate()
