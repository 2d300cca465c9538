"""The programs `search migrate` and its check.

vector extension ─► the kit's steps ─► grants
"""

from collections.abc import Iterator

import asyncpg

from search.place import PLACE, SCHEMA
from toprope_kit.database import DatabaseSettings
from toprope_kit.migrate import check as kits
from toprope_kit.migrate.place import quoted
from toprope_kit.migrate.reach import reached
from toprope_kit.migrate.run import make_role, migrated, say
from toprope_kit.migrate.settings import MigrateSettings
from toprope_kit.outcome import Failure, cleaned

TABLES = {
    "sources": "SELECT, UPDATE",
    "documents": "SELECT, INSERT, UPDATE",
    "terms": "SELECT",
    "rejected_lines": "SELECT",
    "generations": "SELECT, UPDATE",
    "contractions": "SELECT",
    "schema_version": "SELECT",
}
"""What the role of the search pods may do; a generation's own table is granted by the program that makes it."""

OLDEST = (0, 8, 4)
"""pgvector before it could damage an HNSW index while vacuuming it."""


async def extend(connection: asyncpg.Connection) -> None:
    """pgvector is there and new enough; a Failure says what to do about it."""
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except asyncpg.PostgresError as error:
        raise Failure(
            f"the database has no pgvector, and we may not add it: {cleaned(error)}; as its superuser: "
            "CREATE EXTENSION vector"
        ) from error
    found = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    if tuple(map(int, str(found).split("."))) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise Failure(f"pgvector is {found}, and {wanted} is needed: update it, then ALTER EXTENSION vector UPDATE")


def grants(role: str) -> Iterator[str]:
    """The statements, in order; to be run in one transaction as the owner."""
    app = quoted(role)
    yield f"REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {app}"
    for table, rights in TABLES.items():
        yield f"GRANT {rights} ON {SCHEMA}.{table} TO {app}"


async def migrate() -> None:
    """Everything that this release needs stands in the database; a Failure says what is in the way."""
    settings = MigrateSettings.load()
    connection = await reached(DatabaseSettings.load(), settings.migrate_wait)
    try:
        await extend(connection)
    finally:
        await connection.close()
    async with migrated(PLACE, settings) as now:
        if now.behind:
            role = settings.app_role
            if not await now.connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
                await make_role(now.connection, role)
            await say(now.connection, grants(role))


async def check() -> None:
    """Print the DDL; Refused when what runs could not live with it. Changes nothing."""
    await kits.check(PLACE, MigrateSettings.load())
