"""Who is how far: kept in the database itself, where it can neither be lost without it nor outlive it.

migrate of a revision ──► releases(revision, head): the newest step that its image knows
                     └──► contractions(step, unused_since): what is gone, and who can live without it
migrate --check of the next one ◄── what the revisions know that run
a web worker's readiness        ◄── what was taken away
"""

from collections.abc import Sequence

import asyncpg

from toprope_kit.migrate.place import Place
from toprope_kit.migrate.steps import Steps

NOBODY = "none"
"""What the operator calls it that no revision runs; none is ever called so."""


async def record(connection: asyncpg.Connection, place: Place, revision: str | None, steps: Steps) -> None:
    """This revision knows all of these steps, and the contractions among them have been taken."""
    if revision:
        await connection.execute(
            f"INSERT INTO {place.schema}.releases (revision, head) VALUES ($1, $2)"  # noqa: S608 - a name of ours
            " ON CONFLICT (revision) DO UPDATE SET head = excluded.head, migrated_at = now()",
            revision,
            steps.newest(),
        )
    await connection.executemany(
        f"INSERT INTO {place.schema}.contractions VALUES ($1, $2) ON CONFLICT DO NOTHING",  # noqa: S608 - a name of ours
        list(steps.contractions().items()),
    )


async def heads(connection: asyncpg.Connection, place: Place, revisions: Sequence[str]) -> dict[str, str | None]:
    """The newest step that each of these revisions knows; None for one that never said so."""
    said: dict[str, str] = {}
    if await connection.fetchval("SELECT to_regclass($1)", f"{place.schema}.releases"):
        rows = await connection.fetch(f"SELECT revision, head FROM {place.schema}.releases")  # noqa: S608 - a name of ours
        said = {row["revision"]: row["head"] for row in rows}
    return {revision: said.get(revision) for revision in revisions}
