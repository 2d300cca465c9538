"""The programs `shortener migrate` and `shortener migrate --check`.

    wait for the database ─► lock ─► Alembic ─► grants, retention ─► first tenant and key
                      └─► --check: print the DDL from the database's head, judge it, change nothing

Killed anywhere and started again, it ends the same: each step of Alembic is one transaction, and the rest is said
again whole.
"""

import asyncio
import io
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from shortener.migrate import bootstrap
from shortener.migrate.ddl import Known, refusals, touched
from shortener.migrate.grants import grants, quoted
from shortener.migrate.place import LOCK, SCHEMA, VERSION_TABLE
from shortener.migrate.reach import PAUSE, reached
from shortener.outcome import Failure, cleaned
from shortener.settings import MigrateSettings
from toprope_kit.database import DatabaseSettings


def alembic_config(connection: Connection | None, out: io.StringIO) -> Config:
    """Alembic's settings without a file: the steps lie beside this package."""
    config = Config(output_buffer=out, stdout=out)
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The head of this release."""
    head = ScriptDirectory.from_config(alembic_config(None, io.StringIO())).get_current_head()
    return head or "base"


def knows(head: str) -> bool:
    """Whether this release has a step of that name; a later release's database is ahead of it."""
    steps = ScriptDirectory.from_config(alembic_config(None, io.StringIO())).walk_revisions()
    return head in {step.revision for step in steps}


def ddl_from(head: str | None) -> str:
    """What Alembic would run from this head on; nothing when the database is at, or ahead of, this release."""
    if head == newest() or (head is not None and not knows(head)):
        return ""
    out = io.StringIO()
    command.upgrade(alembic_config(None, out), f"{head}:head" if head else "head", sql=True)
    return out.getvalue()


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


async def current_head(connection: asyncpg.Connection) -> str | None:
    """The last step that was taken; None in a new database."""
    if await connection.fetchval("SELECT to_regclass($1)", f"{SCHEMA}.{VERSION_TABLE}") is None:
        return None
    head: str | None = await connection.fetchval(f"SELECT version_num FROM {SCHEMA}.{VERSION_TABLE}")  # noqa: S608
    return head


async def known(connection: asyncpg.Connection, ddl: str) -> Known:
    """Of the tables that the DDL changes: which exist, and which hold a row."""
    existing, filled = set(), set()
    for table in touched(ddl):
        if await connection.fetchval("SELECT to_regclass($1)", table.lower()) is None:
            continue
        existing.add(table)
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table.lower()})"):  # noqa: S608 - a name from our own migrations
            filled.add(table)
    return Known(frozenset(existing), frozenset(filled))


async def check() -> None:
    """Print the DDL; a Failure when the running release could not live with it."""
    async with as_owner(MigrateSettings.load()) as (_, connection):
        head = await current_head(connection)
        ddl = ddl_from(head)
        sys.stdout.write(ddl or f"-- nothing to do: the database is at {head}\n")
        refused = refusals(ddl, await known(connection, ddl)) if head else []
    if refused:
        first, more = refused[0], f" ({len(refused) - 1} more)" if len(refused) > 1 else ""
        raise Failure(
            f"migration {head} to {newest()} cannot run beside the running release: "
            f"`{first.statement[:160]}` {first.fact}{more}. Nothing was changed."
        )


async def lock(connection: asyncpg.Connection, wait: float) -> None:
    """One migration at a time; the lock falls with the connection."""
    deadline = time.monotonic() + wait
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
        if time.monotonic() > deadline:
            raise Failure(f"another migration has held the database for {wait:.0f} s; look for its Job, then try again")
        await asyncio.sleep(PAUSE)


def upgrade(connection: Connection) -> None:
    """Take the steps that are missing; each is one transaction."""
    command.upgrade(alembic_config(connection, io.StringIO()), "head")
    # With no step to take, the transaction in which the head was read is still open: all that follows on this
    # connection would be rolled back with it.
    connection.commit()


async def grant(connection: asyncpg.Connection, role: str) -> None:
    """The web pods' role and what it may do; it must be no role that row-level security does not bind."""
    found = await connection.fetchrow("SELECT rolsuper OR rolbypassrls AS above FROM pg_roles WHERE rolname = $1", role)
    if found is None:
        await make_role(connection, role)
    elif found["above"]:
        raise Failure(f"role {role} is above row-level security; ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS")
    database = await connection.fetchval("SELECT current_database()")
    async with connection.transaction():
        for statement in grants(role, database):
            await connection.execute(statement)


async def hold_retention(connection: asyncpg.Connection, days: int | None) -> None:
    """From now on the web pods may forget clicks after so many days, or sooner if they ever might; 0: never."""
    if days is not None:
        # A null, for ever, is what `least` heeds last.
        await connection.execute(
            f"INSERT INTO {SCHEMA}.click_retention AS held (least_days) VALUES ($1)"  # noqa: S608 - a name of ours
            " ON CONFLICT (one) DO UPDATE SET least_days = least(held.least_days, excluded.least_days)",
            days or None,
        )


async def make_role(connection: asyncpg.Connection, role: str) -> None:
    """Without a password: nobody logs in with it before its owner gives it one."""
    try:
        await connection.execute(f"CREATE ROLE {quoted(role)} LOGIN")
    except asyncpg.InsufficientPrivilegeError as error:
        raise Failure(
            f"role {role} is missing and we may not create it: CREATE ROLE {role} LOGIN PASSWORD …"
        ) from error


async def first_tenant(connection: asyncpg.Connection, settings: MigrateSettings) -> None:
    """The tenant that exists from the start, and its key when there is one."""
    of_tenant = await bootstrap.tenant(connection.fetchval, settings.bootstrap_tenant)
    if settings.bootstrap_key_file is not None:
        await bootstrap.keep_key(connection.fetchval, of_tenant, bootstrap.key_in(settings.bootstrap_key_file))


async def migrate() -> None:
    """Everything that this release needs stands in the database; a Failure says what is in the way."""
    settings = MigrateSettings.load()
    async with as_owner(settings) as (alembics, connection):
        await lock(connection, settings.migrate_wait)
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        before = await current_head(connection)
        if before is None or knows(before):
            try:
                await alembics.run_sync(upgrade)
            except Exception as error:
                reached_head = await current_head(connection)
                raise Failure(f"migration after {reached_head or 'the start'} failed: {cleaned(error)}") from error
            # A later release has granted what it needs, which we do not know and must not take back.
            await grant(connection, settings.app_role)
            await hold_retention(connection, settings.click_retention_days)
        await first_tenant(connection, settings)
        sys.stdout.write(f"the database is at {await current_head(connection)}\n")
