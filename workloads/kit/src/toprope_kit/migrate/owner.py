"""The owner's way into the database, and how far that is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from toprope_kit.database import DatabaseSettings
from toprope_kit.migrate.place import VERSION_TABLE, Place
from toprope_kit.migrate.reach import reached
from toprope_kit.migrate.settings import MigrateSettings


@asynccontextmanager
async def as_owner(settings: MigrateSettings) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
    """One connection, for Alembic and for us, so that the lock and the work live and die together."""
    database = DatabaseSettings.load()
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: reached(database, settings.migrate_wait), poolclass=NullPool
    )
    async with engine.connect() as alembics:
        ours = (await alembics.get_raw_connection()).driver_connection
        assert ours is not None  # noqa: S101 - SQLAlchemy's type says maybe; a connection just made has one
        yield alembics, ours
    await engine.dispose()


async def current_head(connection: asyncpg.Connection, place: Place) -> str | None:
    """The last step that was taken; None in a new database."""
    if await connection.fetchval("SELECT to_regclass($1)", f"{place.schema}.{VERSION_TABLE}") is None:
        return None
    head: str | None = await connection.fetchval(f"SELECT version_num FROM {place.schema}.{VERSION_TABLE}")  # noqa: S608
    return head
