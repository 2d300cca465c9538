"""The program `shortener migrate`.

    wait for the database ─► lock ─► Alembic ─► grants, retention ─► first tenant and key ─► who is how far

Killed anywhere and started again, it ends the same: each step of Alembic is one transaction, and the rest is said
again whole.
"""

import asyncio
import io
import sys
import time

import asyncpg
from alembic import command
from sqlalchemy import Connection

from shortener.migrate import bootstrap, releases
from shortener.migrate.grants import grants, quoted
from shortener.migrate.owner import as_owner, current_head
from shortener.migrate.place import LOCK, SCHEMA
from shortener.migrate.reach import PAUSE
from shortener.migrate.steps import alembic_config, contractions, knows, newest
from shortener.outcome import Failure, cleaned
from shortener.settings import MigrateSettings


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
        await releases.record(connection, settings.revision, newest(), contractions())
        sys.stdout.write(f"the database is at {await current_head(connection)}\n")
