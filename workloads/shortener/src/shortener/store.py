"""What is asked of the database across tenants: functions of its owner that return one row, and the clicks' inbox."""

import asyncio
import logging
from collections.abc import Iterable
from uuid import UUID

from shortener.clicks import Row
from shortener.entry import Entry, from_row
from shortener.migrations import names
from toprope_kit.database import Database

logger = logging.getLogger(__name__)

STEP = 10_000
"""Rows of each table that are forgotten in one transaction."""

STEP_PAUSE = 0.2
"""Seconds between two of them, for those who work beside it."""

STEP_TIMEOUT = 60.0
"""Seconds that one step may take: a look through a month of clicks takes longer than a visitor's question."""

COLUMNS = ("link_id", "clicked_at", "referrer", "agent", "bot", "network")


class RowSecurityAbsent(Exception):
    """Our role owns the tables or is above row-level security: tenants would not be kept apart, so we do not serve."""


class ReleaseTooOld(Exception):
    """A later release has taken away what this one uses: we do not start to serve."""


class Store:
    """One database; every method raises DatabaseAway when it is not there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._too_old = False

    async def resolve(self, slug: str) -> Entry | None:
        """The link of this slug, whoever it belongs to."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow("SELECT * FROM shortener.resolve($1)", slug)
        return from_row(row) if row else None

    async def admit(self, link_id: int) -> bool:
        """Count one visit of a link with a limit; False when the limit is reached. Never admits one too many."""
        async with self._database.acquire() as connection:
            return bool(await connection.fetchval("SELECT shortener.admit($1)", link_id))

    async def tenant_of_key(self, key_id: str, digest: bytes) -> int | None:
        """The tenant that this key opens; None for unknown, revoked, expired and wrong keys alike."""
        async with self._database.acquire() as connection:
            tenant: int | None = await connection.fetchval("SELECT shortener.tenant_of_key($1, $2)", key_id, digest)
        return tenant

    async def replay(self, seconds: float) -> tuple[str, Iterable[tuple[str, int]]]:
        """The database's identity, and the newest version of each link that changed or went in the last seconds."""
        async with self._database.acquire() as connection:
            identity = await connection.fetchval("SELECT id::text FROM shortener.identity")
            changes = await connection.fetch("SELECT slug, version FROM shortener.changes_since($1)", seconds)
        return identity, [(change["slug"], change["version"]) for change in changes]

    async def write(self, batch: UUID, rows: list[Row]) -> None:
        """Clicks into the inbox, once for each batch: its name and its rows stand there together or not at all."""
        async with self._database.transaction() as connection:
            named = await connection.execute(
                "INSERT INTO shortener.click_batches (id) VALUES ($1) ON CONFLICT DO NOTHING", batch
            )
            if named.endswith(" 1"):
                await connection.copy_records_to_table(
                    "click_inbox", schema_name="shortener", records=rows, columns=COLUMNS
                )

    async def move_clicks(self, most: int) -> int:
        """Move clicks from the inbox to where statistics see them; 0 when another worker does."""
        async with self._database.acquire() as connection:
            return int(await connection.fetchval("SELECT shortener.move_clicks($1)", most))

    async def inbox_state(self) -> tuple[int, float]:
        """How many clicks wait in the inbox, and the age of the oldest in seconds."""
        async with self._database.acquire() as connection:
            state = await connection.fetchrow("SELECT * FROM shortener.inbox_state()")
        return state["waiting"], state["oldest_seconds"]

    async def maintain(self, retention_days: int) -> None:
        """Make partitions ahead, whatever becomes of the rest; then forget what is past its retention, step by step."""
        async with self._database.acquire() as connection:
            await connection.execute("SELECT shortener.partitions_ahead()", timeout=STEP_TIMEOUT)
        more = True
        while more:
            more = await self._forget(retention_days)
            await asyncio.sleep(STEP_PAUSE)

    async def _forget(self, retention_days: int) -> bool:
        async with self._database.acquire() as connection:
            asked = "SELECT shortener.forget($1, $2)"
            return bool(await connection.fetchval(asked, retention_days, STEP, timeout=STEP_TIMEOUT))

    async def check(self) -> None:
        """Ask for the least there is; RowSecurityAbsent when the database does not hold our role to its tenant,
        ReleaseTooOld when it has lost what we use."""
        async with self._database.acquire() as connection:
            bound, needed = await connection.fetchrow(FIT)
        if not bound:
            raise RowSecurityAbsent
        if unknown := set(needed) - STEPS:
            self._tell(unknown)
            raise ReleaseTooOld

    def _tell(self, unknown: Iterable[str]) -> None:
        """Once: a person looks at the log of a pod that does not get ready, and the check comes every second."""
        if not self._too_old:
            steps = ", ".join(sorted(unknown))
            logger.error("a later release took away what this one uses; go on from one that knows step %s", steps)
        self._too_old = True


STEPS = names()

FIT = """
    SELECT NOT (r.rolsuper OR r.rolbypassrls OR pg_has_role(c.relowner, 'MEMBER')),
        ARRAY(SELECT unused_since FROM shortener.contractions)
    FROM pg_roles r, pg_class c WHERE r.rolname = current_user AND c.oid = 'shortener.links'::regclass
"""
