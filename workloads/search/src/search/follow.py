"""A generation follows the change sequence of its documents: one window after the other, from where it stands.

    position ─► the next documents by number ─┬─ gone            ─► the vector goes
                                              ├─ same text       ─► filters and number only
                                              ├─ in an earlier generation of the same model ─► its vector is taken over
                                              └─ new text        ─► embedded, shortest first, batch by batch
    the whole window done ─► position

Each batch is a transaction of its own, and what has its vector is not computed again: killed anywhere, it loses the
batch that is being written and the one in hand. One follower at a time: an advisory lock, which falls with its
connection.

The ingest Job follows until nothing is left, and so does a refresh. Otherwise the generation's own search pods do it,
a loop in one of them: they have the model in memory, and a generation without pods needs no vectors. One that comes
back is behind, and not ready until it is not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from search.document import embedded
from search.embedding.embedder import Cut, Embedder, Vectors
from search.generation import Generation, table_of

WINDOW = 1024
"""Documents whose texts are in memory at once, and among which batches are sorted by length."""

LOCK = "SELECT pg_try_advisory_lock(hashtext('search follower'), hashtext($1))"

# Of a longer body no model reads more than that, and a window of them would not fit into memory.
NEXT = """
    SELECT id, sequence, title, left(body, 20000) AS body, filters::text AS filters, text_digest, deleted
    FROM search.documents
    WHERE source = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
"""
LAG = """
    SELECT source.sequence - generation.position FROM search.generations AS generation
    JOIN search.sources AS source ON source.id = generation.source WHERE generation.name = $1
"""
ADVANCE = "UPDATE search.generations SET position = greatest(position, $2) WHERE name = $1 AND position < $2"
COUNT = "UPDATE search.generations SET embedded = embedded + $2, unchanged = unchanged + $3 WHERE name = $1"
FELLOWS = """
    SELECT name FROM search.generations
    WHERE model = $2 AND name <> $1 AND to_regclass(format('search.%I', 'vectors_' || name)) IS NOT NULL
    ORDER BY created_at DESC LIMIT 5
"""


class GenerationAbsent(Exception):
    """There is no such generation: it was dropped, or never begun."""


@dataclass(frozen=True, slots=True)
class Change:
    """One document as it is now."""

    id: str
    sequence: int
    text: str
    filters: str
    text_digest: bytes
    deleted: bool

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Change":
        """From its row."""
        text = embedded(row["title"], row["body"])
        return cls(row["id"], row["sequence"], text, row["filters"], row["text_digest"], row["deleted"])


@dataclass
class Followed:
    """What was done so far."""

    seen: int = 0
    embedded: int = 0
    unchanged: int = 0


Told = Callable[[Followed], None]
Computed = Callable[[Sequence[Cut]], Awaitable[Vectors]]


class Follower:
    """Brings one generation forward over a connection that speaks of vectors."""

    def __init__(self, connection: Any, generation: Generation, embedder: Embedder, pause: float = 0.0) -> None:
        self._connection = connection
        self._generation = generation
        self._embedder = embedder
        self._pause = pause
        """Seconds of rest for each second of computing: a pod that serves has other things to do."""

    async def lock(self) -> bool:
        """Whether we are the one that follows, from now until the connection ends."""
        return bool(await self._connection.fetchval(LOCK, self._generation.name))

    async def lag(self) -> int:
        """Numbers of the sequence that are still to be followed; GenerationAbsent when it is gone."""
        found: int | None = await self._connection.fetchval(LAG, self._generation.name)
        if found is None:
            raise GenerationAbsent(f"there is no generation {self._generation.name}")
        return found

    async def follow(self, tell: Told = lambda _: None) -> Followed:
        """Until nothing is left; `tell` hears of every batch."""
        done = Followed()
        fellows = [row["name"] for row in await self._connection.fetch(FELLOWS, *self._identity())]
        position = await self._connection.fetchval(
            "SELECT position FROM search.generations WHERE name = $1", self._generation.name
        )
        while rows := await self._connection.fetch(NEXT, self._generation.source, position, WINDOW):
            await self._window([Change.of(row) for row in rows], fellows, done, tell)
            position = rows[-1]["sequence"]
            await self._connection.execute(ADVANCE, self._generation.name, position)
        return done

    def _identity(self) -> tuple[str, str]:
        return self._generation.name, self._generation.model

    async def _window(self, changes: Sequence[Change], fellows: Sequence[str], done: Followed, tell: Told) -> None:
        await self._bury([one for one in changes if one.deleted])
        wanted = await self._without_known([one for one in changes if not one.deleted])
        for fellow in fellows:
            wanted = await self._take_over(fellow, wanted, done)
        done.seen += len(changes) - len(wanted)
        tell(done)
        await self._embed(wanted, done, tell)

    async def _bury(self, gone: Sequence[Change]) -> None:
        if gone:
            ids = [one.id for one in gone]
            await self._connection.execute(f"DELETE FROM {self._generation.table} WHERE id = ANY($1::text[])", ids)  # noqa: S608

    async def _without_known(self, changes: Sequence[Change]) -> list[Change]:
        """Those whose text has no vector here yet; what else changed of the others is written."""
        table = self._generation.table
        rows = await self._connection.fetch(
            f"""
            UPDATE {table} AS v SET sequence = c.sequence, filters = c.filters::jsonb
            FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[]) AS c (id, sequence, filters, text_digest)
            WHERE v.id = c.id AND v.text_digest = c.text_digest RETURNING v.id
            """,  # noqa: S608 - a checked name
            *_columns(changes),
        )
        known = {row["id"] for row in rows}
        return [one for one in changes if one.id not in known]

    async def _take_over(self, fellow: str, wanted: Sequence[Change], done: Followed) -> list[Change]:
        """Those that the fellow has no vector for either."""
        if not wanted:
            return []
        statement = f"""
            INSERT INTO {self._generation.table} AS mine (id, sequence, text_digest, filters, embedding)
            SELECT c.id, c.sequence, c.text_digest, c.filters::jsonb, other.embedding
            FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[]) AS c (id, sequence, filters, text_digest)
            JOIN {table_of(fellow)} AS other ON other.id = c.id AND other.text_digest = c.text_digest
            ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, text_digest = excluded.text_digest,
                filters = excluded.filters, embedding = excluded.embedding
            RETURNING mine.id
        """  # noqa: S608 - checked names
        try:
            async with self._connection.transaction():
                taken = {row["id"] for row in await self._connection.fetch(statement, *_columns(wanted))}
                await self._connection.execute(COUNT, self._generation.name, 0, len(taken))
        except asyncpg.UndefinedTableError:
            # Dropped a moment ago: its vectors are computed, then.
            return list(wanted)
        done.unchanged += len(taken)
        return [one for one in wanted if one.id not in taken]

    async def _embed(self, wanted: Sequence[Change], done: Followed, tell: Told) -> None:
        """While one batch is written the next one is computed."""
        cuts = await asyncio.to_thread(self._embedder.cut, [one.text for one in wanted]) if wanted else []
        computing: asyncio.Task[Vectors] | None = None
        batches = list(self._embedder.batches(cuts))
        try:
            for number, batch in enumerate(batches):
                vectors = await (computing or self._compute(batch))
                following = batches[number + 1 : number + 2]
                computing = asyncio.create_task(self._compute(following[0])) if following else None
                await self._keep([wanted[cut.place] for cut in batch], vectors)
                done.embedded += len(batch)
                done.seen += len(batch)
                tell(done)
        finally:
            if computing is not None:
                computing.cancel()

    async def _compute(self, batch: Sequence[Cut]) -> Vectors:
        before = self._embedder.seconds
        vectors = await asyncio.to_thread(self._embedder.compute, batch)
        if self._pause:
            await asyncio.sleep((self._embedder.seconds - before) * self._pause)
        return vectors

    async def _keep(self, changes: Sequence[Change], vectors: Vectors) -> None:
        table = self._generation.table
        schema, _, name = table.partition(".")
        rows = [
            (one.id, one.sequence, one.text_digest, one.filters, vector)
            for one, vector in zip(changes, vectors, strict=True)
        ]
        async with self._connection.transaction():
            ids = [one.id for one in changes]
            await self._connection.execute(f"DELETE FROM {table} WHERE id = ANY($1::text[])", ids)  # noqa: S608
            await self._connection.copy_records_to_table(
                name.strip('"'), schema_name=schema, records=rows,
                columns=("id", "sequence", "text_digest", "filters", "embedding"),
            )  # fmt: skip
            await self._connection.execute(COUNT, self._generation.name, len(rows), 0)


def _columns(changes: Sequence[Change]) -> tuple[list[str], list[int], list[str], list[bytes]]:
    return (
        [one.id for one in changes],
        [one.sequence for one in changes],
        [one.filters for one in changes],
        [one.text_digest for one in changes],
    )
