"""One tenant's links in the database.

Every question runs in a transaction that names the tenant; the database's own row-level security sees to it that no
other row exists for it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from toprope_kit.database import Database
from toprope_kit.problem import NotFound, Unprocessable

COLUMNS = (
    "id, slug, target, fallback_target, valid_from, valid_until, visit_limit,"
    " CASE WHEN visit_limit IS NOT NULL THEN visits END AS visits,"
    " password_hash IS NOT NULL AS has_password, enabled, created_at, updated_at"
)

Row = Mapping[str, Any]

ADD = f"""
    INSERT INTO shortener.links (slug, target, fallback_target, valid_from, valid_until, visit_limit, password_hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (slug) DO NOTHING RETURNING {COLUMNS}
"""  # noqa: S608 - the names of columns are ours

SAME = f"""
    SELECT {COLUMNS} FROM shortener.links
    WHERE hashtextextended(target, 0) = hashtextextended($1, 0) AND target = $1
      AND fallback_target IS NOT DISTINCT FROM $2 AND valid_from IS NOT DISTINCT FROM $3
      AND valid_until IS NOT DISTINCT FROM $4 AND visit_limit IS NOT DISTINCT FROM $5
      AND password_hash IS NULL AND enabled AND ($6::text IS NULL OR slug = $6)
    ORDER BY id LIMIT 1
"""  # noqa: S608 - the names of columns are ours

PAGE = f"SELECT {COLUMNS} FROM shortener.links WHERE id < $1 ORDER BY id DESC LIMIT $2"  # noqa: S608 - as above
ONE = f"SELECT {COLUMNS} FROM shortener.links WHERE slug = $1"  # noqa: S608 - as above
KEY = "SELECT sha256(convert_to(id || ' ' || shortener.current_tenant(), 'UTF8')) FROM shortener.identity"
NEWEST = 2**63 - 1


@asynccontextmanager
async def of_tenant(database: Database, tenant: int) -> AsyncIterator["Links"]:
    """The tenant's links, in one transaction; DatabaseAway when the database is not there."""
    async with database.transaction() as connection:
        await connection.execute("SELECT set_config('toprope.tenant', $1, true)", str(tenant))
        yield Links(connection)


class Links:
    """The links that the transaction's tenant has."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def add(self, slug: str, conditions: Sequence[object]) -> Row | None:
        """The new link; None when its slug is taken, by whomever. Conditions in the order of `ADD`, from target on."""
        row: Row | None = await self.connection.fetchrow(ADD, slug, *conditions)
        return row

    async def same(self, conditions: Sequence[object], slug: str | None) -> Row | None:
        """A link with just these conditions; two that ask for the same at once wait for each other."""
        await self.connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, shortener.current_tenant()))", conditions[0]
        )
        row: Row | None = await self.connection.fetchrow(SAME, *conditions[:5], slug)
        return row

    async def get(self, slug: str) -> Row:
        """The link; NotFound when this tenant has none of that slug."""
        row: Row | None = await self.connection.fetchrow(ONE, slug)
        if row is None:
            raise NotFound("There is no such link.")
        return row

    async def key(self) -> bytes:
        """What this tenant's cursors are made with, by every worker; no client ever sees it."""
        return bytes(await self.connection.fetchval(KEY))

    async def page(self, before: int, most: int) -> list[Row]:
        """Links that were made before this id, newest first."""
        rows: list[Row] = await self.connection.fetch(PAGE, before, most)
        return rows

    async def change(self, slug: str, values: Mapping[str, object]) -> Row:
        """The link with these columns changed; NotFound when this tenant has none of that slug."""
        if not values:
            return await self.get(slug)
        changes = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, 2))
        try:
            row: Row | None = await self.connection.fetchrow(
                f"UPDATE shortener.links SET {changes} WHERE slug = $1 RETURNING {COLUMNS}",  # noqa: S608 - as above
                slug,
                *values.values(),
            )
        except asyncpg.CheckViolationError as error:
            raise Unprocessable("validFrom must lie before validUntil, whichever of them is changed.") from error
        if row is None:
            raise NotFound("There is no such link.")
        return row

    async def remove(self, slug: str) -> None:
        """The link is gone, and may be made anew by anybody; NotFound when this tenant has none of that slug."""
        done = await self.connection.execute("DELETE FROM shortener.links WHERE slug = $1", slug)
        if done == "DELETE 0":
            raise NotFound("There is no such link.")
