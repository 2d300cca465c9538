"""`migrate --check`: may this release's steps be taken beside what runs?

    database's head ──► the steps from there ──► each statement that what runs could not live with ──► refused, or fine

A refusal is final as long as the same revisions run: the exit code says so, and nobody tries again in vain.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from toprope_kit.migrate import releases
from toprope_kit.migrate.ddl import Known, Refusal, refusals, touched
from toprope_kit.migrate.owner import as_owner, current_head
from toprope_kit.migrate.place import Place
from toprope_kit.migrate.settings import MigrateSettings
from toprope_kit.migrate.steps import Step, Steps
from toprope_kit.outcome import Refused

LONGEST = 120
"""Characters of a statement that a person needs to find it."""


@dataclass(frozen=True, slots=True)
class Running:
    """What runs while the steps are taken."""

    heads: Mapping[str, str | None]
    """The newest step that each revision knows; None: it never said so."""
    steps: Steps

    def __str__(self) -> str:
        return f"revision {' and '.join(self.heads)}" if self.heads else "the running release"

    def knows(self, step: str) -> bool:
        """Whether all of it does; not when nobody says what runs."""
        return bool(self.heads) and all(step in self.steps.up_to(head) for head in self.heads.values())

    def known(self) -> str:
        """What it knows, for a sentence."""
        said = [
            f"revision {name} {f'knows no later one than {head}' if head else 'has not said what it knows'}"
            for name, head in self.heads.items()
        ]
        return " and ".join(said) or "nobody says what runs"


def against(steps: Sequence[Step], known: Known, running: Running) -> list[Refusal]:
    """Every statement that what runs could not live with, in order."""
    found = []
    for step in steps:
        for refusal in refusals(step.ddl, known):
            if not (refusal.contracts and step.unused_since):
                found.append(refusal)
            elif not running.knows(step.unused_since):
                found.append(Refusal(refusal.statement, _too_early(step.unused_since, running)))
    return found


def _too_early(since: str, running: Running) -> str:
    return (
        f"takes away what is used by releases before step {since}, and {running.known()}; "
        f"release a version that knows {since} first"
    )


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


async def check(place: Place, settings: MigrateSettings) -> None:
    """Print the DDL; Refused when what runs could not live with it. Changes nothing."""
    all_steps = Steps(place.folder)
    async with as_owner(settings) as (_, connection):
        head = await current_head(connection, place)
        steps = all_steps.after(head)
        ddl = "".join(step.ddl for step in steps)
        sys.stdout.write(ddl or f"-- nothing to do: the database is at {head}\n")
        if head is None or settings.running_revisions == releases.NOBODY:
            return
        running = Running(
            await releases.heads(connection, place, (settings.running_revisions or "").split()), all_steps
        )
        found = against(steps, await known(connection, ddl), running)
    if found:
        raise Refused(_sentence(head, found, running))


def _sentence(head: str, found: Sequence[Refusal], running: Running) -> str:
    first, more = found[0], f" ({len(found) - 1} more)" if len(found) > 1 else ""
    statement = first.statement if len(first.statement) <= LONGEST else f"{first.statement[: LONGEST - 1]}…"
    return (
        f"migration {head} to {running.steps.newest()} cannot run beside {running}: `{statement}` {first.fact}{more}. "
        "Nothing was changed."
    )
