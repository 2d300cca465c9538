"""Who is how far: kept in the database itself, where it can neither be lost without it nor outlive it.

migrate of a revision ──► releases(revision, head): the newest step that its image knows
                     └──► contractions(step, unused_since): what is gone, and who can live without it
migrate --check of the next one ◄── what the revisions know that run
a web worker's readiness        ◄── what was taken away
"""

from collections.abc import Mapping, Sequence

import asyncpg

from shortener.migrate.place import SCHEMA

NOBODY = "none"
"""What the operator calls it that no revision runs; none is ever called so."""


async def record(connection: asyncpg.Connection, revision: str | None, head: str, taken: Mapping[str, str]) -> None:
    """This revision knows the steps up to `head`; `taken` are the contractions up to there."""
    if revision:
        await connection.execute(
            f"INSERT INTO {SCHEMA}.releases (revision, head) VALUES ($1, $2)"  # noqa: S608 - a name of ours
            " ON CONFLICT (revision) DO UPDATE SET head = excluded.head, migrated_at = now()",
            revision,
            head,
        )
    await connection.executemany(
        f"INSERT INTO {SCHEMA}.contractions VALUES ($1, $2) ON CONFLICT DO NOTHING",  # noqa: S608 - a name of ours
        list(taken.items()),
    )


async def heads(connection: asyncpg.Connection, revisions: Sequence[str]) -> dict[str, str | None]:
    """The newest step that each of these revisions knows; None for one that never said so."""
    said: dict[str, str] = {}
    if await connection.fetchval("SELECT to_regclass($1)", f"{SCHEMA}.releases"):
        rows = await connection.fetch(f"SELECT revision, head FROM {SCHEMA}.releases")  # noqa: S608 - a name of ours
        said = {row["revision"]: row["head"] for row in rows}
    return {revision: said.get(revision) for revision in revisions}
