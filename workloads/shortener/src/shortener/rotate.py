"""The program `shortener rotate`: brings every server to the credentials that stand beside the current ones as `.next`.

    API key ─► cache ─► app's role ─► owner's role

Whoever connects meanwhile tries the current password and then the next. Each step is let in with either of the two
and says the same again when it is repeated: killed anywhere and run anew, it ends the same.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import environ
from pathlib import Path

import asyncpg
from redis.exceptions import RedisError

from shortener.migrate import bootstrap
from shortener.scram import verifier
from shortener.settings import MigrateSettings
from toprope_kit.cache import Cache, CacheAway, CacheSettings
from toprope_kit.database import DatabaseSettings
from toprope_kit.migrate.place import quoted
from toprope_kit.migrate.reach import reached
from toprope_kit.outcome import Failure, cleaned

CACHE_TIMEOUT = 5.0
"""Seconds that the cache may take for one word: nobody waits for this program."""


def next_of(folder: Path, name: str) -> str | None:
    """The credential that comes next; None when there is none."""
    try:
        return (folder / f"{name}.next").read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


async def rotate() -> None:
    """Everything that has a successor is on it; a Failure names the server that could not be brought there."""
    folder = Path(environ.get("CREDENTIALS_DIR", "/run/secrets/toprope"))
    done: list[str] = []
    async with as_owner() as connection:
        done += await rotate_key(connection, folder)
        done += await rotate_cache(folder)
        done += await rotate_roles(connection, folder)
    sys.stdout.write(f"rotated: {', '.join(done) or 'nothing, there is no .next file'}\n")


@asynccontextmanager
async def as_owner() -> AsyncIterator[asyncpg.Connection]:
    """A connection with the current password or the next."""
    settings, database = MigrateSettings.load(), DatabaseSettings.load()
    connection = await reached(database, settings.migrate_wait)
    try:
        yield connection
    finally:
        await connection.close()


async def rotate_key(connection: asyncpg.Connection, folder: Path) -> list[str]:
    """The next API key opens the tenant, the old one nothing."""
    if next_of(folder, "api-key") is None:
        return []
    async with connection.transaction():
        of_tenant = await bootstrap.tenant(connection.fetchval, MigrateSettings.load().bootstrap_tenant)
        coming, going = bootstrap.key_in(folder / "api-key.next"), bootstrap.key_in(folder / "api-key")
        await bootstrap.keep_key(connection.fetchval, of_tenant, coming)
        # Once the files are swapped both hold the same: the key that stays must not be revoked.
        if coming != going:
            await bootstrap.revoke_key(connection.fetchval, going)
    return ["api key"]


async def rotate_cache(folder: Path) -> list[str]:
    """The cache takes the next password and no other."""
    password = next_of(folder, "cache-password")
    if password is None:
        return []
    cache = Cache(CacheSettings(cache_timeout=CACHE_TIMEOUT))
    try:
        await cache.attempt(
            lambda redis: redis.acl_setuser("default", reset_passwords=True, passwords=[f"+{password}"], enabled=True)
        )
    except (CacheAway, RedisError) as error:
        raise Failure(f"the cache could not be given its next password: {cleaned(error)}; is its pod ready?") from error
    finally:
        await cache.close()
    return ["cache password"]


async def rotate_roles(connection: asyncpg.Connection, folder: Path) -> list[str]:
    """The roles take the next passwords; the owner's last, since it is the one we came in with."""
    roles = (
        ("app password", MigrateSettings.load().app_role, "app-password"),
        ("owner password", None, "owner-password"),
    )
    done = []
    for said, role, file in roles:
        password = next_of(folder, file)
        if password is None:
            continue
        name = quoted(role) if role else "CURRENT_USER"
        try:
            await connection.execute(f"ALTER ROLE {name} PASSWORD '{verifier(password)}'")
        except asyncpg.PostgresError as error:
            raise Failure(f"the database refused the next {said}: {cleaned(error)}") from error
        done.append(said)
    return done
