"""The programs of a Job: `search ingest`, `refresh` and `drop`. Each gives the sentence that it ends with."""

from search.embedding import threads
from search.embedding.card import WrongModel
from search.embedding.embedder import Embedder
from search.generation import table_of
from search.ingest import page
from search.ingest.run import Ingest
from search.ingest.settings import IngestSettings
from toprope_kit.database import DatabaseSettings
from toprope_kit.migrate.reach import reached
from toprope_kit.outcome import Failure, Refused

# The transaction's own: it falls with it.
DROP_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('search follower'), hashtext($1))"
ORPHANS = """
    DELETE FROM search.sources AS source WHERE id = $1
        AND NOT EXISTS (SELECT FROM search.generations WHERE generations.source = source.id)
"""


async def _working(settings: IngestSettings, *, again: bool) -> Ingest:
    """Do it, and answer at `/progress` meanwhile."""
    try:
        embedder = Embedder(settings.model_dir, threads.threads())
    except WrongModel as error:
        raise Refused(str(error)) from error
    ingest = Ingest(settings, DatabaseSettings.load(), embedder)
    async with page.served(settings.ops_port, ingest.progress.as_json):
        await (ingest.refresh() if again else ingest.run())
    return ingest


async def ingest() -> str:
    """Fill the generation; a sentence about what was done."""
    return _sentence(await _working(IngestSettings.load(), again=False))


async def refresh() -> str:
    """Bring documents and generation to what the source says now; a sentence about what was done."""
    return _sentence(await _working(IngestSettings.load(), again=True))


def _sentence(done: Ingest) -> str:
    loaded = done.loaded
    return (
        f"generation {done.generation.name} is ready: {loaded.lines} lines, {loaded.rejected} rejected, "
        f"{done.followed.embedded} embedded, {done.followed.unchanged} vectors taken over"
    )


async def drop(name: str) -> str:
    """The generation's row, its table and its index are gone; its documents too, when no other generation reads them.

    Refused while somebody follows it: a pod serves it, or a Job fills it.
    """
    connection = await reached(DatabaseSettings.load(), 60.0)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '10s'")
            if not await connection.fetchval(DROP_LOCK, name):
                raise Failure(f"generation {name} is followed by a pod or a Job: end those first")
            source = await connection.fetchval("DELETE FROM search.generations WHERE name = $1 RETURNING source", name)
            await connection.execute(f"DROP TABLE IF EXISTS {table_of(name)}")
            if source is not None:
                await connection.execute(ORPHANS, source)
    finally:
        await connection.close()
    return f"generation {name} is gone"
