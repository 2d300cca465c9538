"""What every `migrate` does before and after its service's own words.

    wait for the database ─► lock ─► Alembic ─► the service's own ─► who is how far

Killed anywhere and started again, it ends the same: each step of Alembic is one transaction, and the rest is said
again whole.
"""

import asyncio
import io
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from alembic import command
from sqlalchemy import Connection

from toprope_kit.migrate import releases
from toprope_kit.migrate.owner import as_owner, current_head
from toprope_kit.migrate.place import LOCK, Place, quoted
from toprope_kit.migrate.reach import PAUSE
from toprope_kit.migrate.settings import MigrateSettings
from toprope_kit.migrate.steps import Steps
from toprope_kit.outcome import Failure, cleaned


@dataclass(frozen=True, slots=True)
class Migrated:
    """A database whose steps have been taken, as its owner sees it."""

    connection: asyncpg.Connection
    behind: bool
    """Whether it was not ahead of this release: what a later one granted we do not know and must not take back."""


@asynccontextmanager
async def migrated(place: Place, settings: MigrateSettings) -> AsyncIterator[Migrated]:
    """The steps are taken before the body runs, and it is written down after it who is how far."""
    steps = Steps(place.folder)
    async with as_owner(settings) as (alembics, connection):
        await lock(connection, settings.migrate_wait)
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {place.schema}")
        before = await current_head(connection, place)
        behind = before is None or steps.knows(before)
        if behind:
            try:
                await alembics.run_sync(lambda sync: upgrade(steps, sync))
            except Exception as error:
                reached_head = await current_head(connection, place)
                raise Failure(f"migration after {reached_head or 'the start'} failed: {cleaned(error)}") from error
        yield Migrated(connection, behind)
        await releases.record(connection, place, settings.revision, steps)
        sys.stdout.write(f"the database is at {await current_head(connection, place)}\n")


async def lock(connection: asyncpg.Connection, wait: float) -> None:
    """One migration at a time; the lock falls with the connection."""
    deadline = time.monotonic() + wait
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
        if time.monotonic() > deadline:
            raise Failure(f"another migration has held the database for {wait:.0f} s; look for its Job, then try again")
        await asyncio.sleep(PAUSE)


def upgrade(steps: Steps, connection: Connection) -> None:
    """Take the steps that are missing; each is one transaction."""
    command.upgrade(steps.config(connection, io.StringIO()), "head")
    # With no step to take, the transaction in which the head was read is still open: all that follows on this
    # connection would be rolled back with it.
    connection.commit()


async def say(connection: asyncpg.Connection, statements: Iterable[str]) -> None:
    """All of the statements, or none."""
    async with connection.transaction():
        for statement in statements:
            await connection.execute(statement)


async def make_role(connection: asyncpg.Connection, role: str) -> None:
    """Without a password: nobody logs in with it before its owner gives it one."""
    try:
        await connection.execute(f"CREATE ROLE {quoted(role)} LOGIN")
    except asyncpg.InsufficientPrivilegeError as error:
        raise Failure(
            f"role {role} is missing and we may not create it: CREATE ROLE {role} LOGIN PASSWORD …"
        ) from error
