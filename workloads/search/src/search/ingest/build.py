"""What is made once all vectors are there: the indices, the rarity of words, the planner's statistics."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg

from search.generation import Generation, index_of
from toprope_kit.database import LOST
from toprope_kit.migrate.place import quoted

MEMORY = "SET LOCAL maintenance_work_mem = '256MB'"
"""A build that fits is several times as fast; what 150,000 vectors of 384 numbers need."""

EXISTS = "SELECT to_regclass($1) IS NOT NULL"
BUILDING = """
    SELECT tuples_done, tuples_total FROM pg_stat_progress_create_index
    WHERE relid = to_regclass($1) AND tuples_total > 0
"""

# The empty word and the blank cannot be words: their rows say how many documents there are, and how long on average.
TERMS = """
    INSERT INTO search.terms (source, word, documents)
    SELECT $1, word, ndoc FROM ts_stat($2) UNION ALL SELECT $1, '', count(*) FROM search.documents
    WHERE source = $1 AND NOT deleted
    UNION ALL SELECT $1, ' ', coalesce(round(avg(length(words))), 0) FROM search.documents
    WHERE source = $1 AND NOT deleted
"""

# Two Jobs may read the same source.
TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtext('search terms'), hashtext($1))"

Told = Callable[[int, int], None]
Connect = Callable[[], Awaitable[Any]]


async def indices(connection: Any, generation: Generation, connect: Connect, tell: Told) -> None:
    """The index of vectors, and that of filters; one that is there was finished, for each is one transaction."""
    if not await connection.fetchval(EXISTS, f"search.{quoted(index_of(generation.name))}"):
        watching = asyncio.create_task(_watch(connect, generation.table, tell))
        try:
            async with connection.transaction():
                await connection.execute(MEMORY)
                await connection.execute(generation.index())
        finally:
            watching.cancel()
    name = quoted(f"vectors_{generation.name}_filters")
    await connection.execute(
        f"CREATE INDEX IF NOT EXISTS {name} ON {generation.table} USING gin (filters jsonb_path_ops)"
    )
    await connection.execute(f"ANALYZE {generation.table}")
    await connection.execute("ANALYZE search.documents")


async def terms(connection: Any, source: str) -> None:
    """In how many documents each word stands; read while it is replaced, it is the one before."""
    literal = "'" + source.replace("'", "''") + "'"
    words = f"SELECT words FROM search.documents WHERE source = {literal} AND NOT deleted"  # noqa: S608 - a checked name
    async with connection.transaction():
        await connection.execute(TAKE_TURNS, source)
        await connection.execute("DELETE FROM search.terms WHERE source = $1", source)
        await connection.execute(TERMS, source, words)
    await connection.execute("ANALYZE search.terms")


async def _watch(connect: Connect, table: str, tell: Told) -> None:
    """Say how far the index is, until cancelled; that nobody can ask just now is no reason to stop building."""
    with suppress(*LOST, asyncpg.PostgresError, asyncpg.InterfaceError):
        other = await connect()
        try:
            while True:
                row = await other.fetchrow(BUILDING, table)
                if row is not None:
                    tell(row["tuples_done"], row["tuples_total"])
                await asyncio.sleep(1)
        finally:
            other.terminate()
