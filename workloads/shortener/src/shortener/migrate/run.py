"""The programs `shortener migrate` and its check.

the kit's steps ─► grants, retention ─► first tenant and key
"""

import asyncpg

from shortener.migrate import bootstrap
from shortener.migrate.grants import grants
from shortener.migrate.place import PLACE, SCHEMA
from shortener.settings import MigrateSettings
from toprope_kit.migrate import check as kits
from toprope_kit.migrate.run import make_role, migrated, say
from toprope_kit.outcome import Failure


async def grant(connection: asyncpg.Connection, role: str) -> None:
    """The web pods' role and what it may do; it must be no role that row-level security does not bind."""
    found = await connection.fetchrow("SELECT rolsuper OR rolbypassrls AS above FROM pg_roles WHERE rolname = $1", role)
    if found is None:
        await make_role(connection, role)
    elif found["above"]:
        raise Failure(f"role {role} is above row-level security; ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS")
    database = await connection.fetchval("SELECT current_database()")
    await say(connection, grants(role, database))


async def hold_retention(connection: asyncpg.Connection, days: int | None) -> None:
    """From now on the web pods may forget clicks after so many days, or sooner if they ever might; 0: never."""
    if days is not None:
        # A null, for ever, is what `least` heeds last.
        await connection.execute(
            f"INSERT INTO {SCHEMA}.click_retention AS held (least_days) VALUES ($1)"  # noqa: S608 - a name of ours
            " ON CONFLICT (one) DO UPDATE SET least_days = least(held.least_days, excluded.least_days)",
            days or None,
        )


async def first_tenant(connection: asyncpg.Connection, settings: MigrateSettings) -> None:
    """The tenant that exists from the start, and its key when there is one."""
    of_tenant = await bootstrap.tenant(connection.fetchval, settings.bootstrap_tenant)
    if settings.bootstrap_key_file is not None:
        await bootstrap.keep_key(connection.fetchval, of_tenant, bootstrap.key_in(settings.bootstrap_key_file))


async def migrate() -> None:
    """Everything that this release needs stands in the database; a Failure says what is in the way."""
    settings = MigrateSettings.load()
    async with migrated(PLACE, settings) as now:
        if now.behind:
            await grant(now.connection, settings.app_role)
            await hold_retention(now.connection, settings.click_retention_days)
        await first_tenant(now.connection, settings)


async def check() -> None:
    """Print the DDL; Refused when what runs could not live with it. Changes nothing."""
    await kits.check(PLACE, MigrateSettings.load())
