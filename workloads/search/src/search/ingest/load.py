"""The source's lines into the shared documents, in two readings.

    examine:  lines ─► cleaned ─┬─► seen before in this file? ─► rejected, with both line numbers
                                └─► no document               ─► rejected, with its reason
              too many rejected? ─► nothing has changed, and nothing will
    write:    lines ─► those not rejected ─► what differs from what the source said last ─► a number of the sequence
              what the source no longer says ─► tombstones

Done twice it changes nothing, so a killed load is simply begun again: nothing is embedded here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from search import documents
from search.document import Document, Unfit
from search.ingest.clean import document
from search.ingest.lines import Line
from search.ingest.settings import FieldMapping

BATCH = 500
BATCH_BYTES = 2**23
"""Of long lines fewer are held at once."""

DUPLICATE = "the id stands on line"

# The memory of one load; it lies on the database's disk, for there may be millions.
SEEN = """
    CREATE TEMPORARY TABLE IF NOT EXISTS seen (id text COLLATE "C" PRIMARY KEY, line bigint NOT NULL)
"""
SEE = """
    INSERT INTO seen SELECT * FROM unnest($1::text[], $2::bigint[]) ON CONFLICT DO NOTHING RETURNING id, line
"""
REJECT = """
    INSERT INTO search.rejected_lines SELECT $1, * FROM unnest($2::bigint[], $3::text[])
    ON CONFLICT (source, line) DO UPDATE SET reason = excluded.reason
"""
# What the API wrote since is not the source's to take away.
VANISHED = """
    SELECT id FROM search.documents AS d
    WHERE source = $1 AND NOT deleted AND NOT written_by_api AND id > $2
        AND NOT EXISTS (SELECT FROM seen WHERE seen.id = d.id)
    ORDER BY id LIMIT $3
"""


@dataclass
class Loaded:
    """What the lines were."""

    lines: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    """Reasons, without line numbers, and how often each was met."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A document and its line; or its line and why it holds none."""

    line: int
    document: Document | None
    reason: str = ""


async def examine(
    connection: Any, source: str, lines: Iterable[Line], mapping: FieldMapping, tell: Callable[[Loaded], None]
) -> Loaded:
    """Read all lines and write down which are rejected; `tell` hears how far it is after each batch."""
    await connection.execute(SEEN)
    await connection.execute("TRUNCATE seen")
    await connection.execute("DELETE FROM search.rejected_lines WHERE source = $1", source)
    loaded = Loaded()
    for batch in _batches(lines, mapping):
        async with connection.transaction():
            await _examine(connection, source, batch, loaded)
        loaded.lines += len(batch)
        tell(loaded)
    return loaded


async def write(
    connection: Any, source: str, lines: Iterable[Line], mapping: FieldMapping, tell: Callable[[int], None]
) -> int:
    """Write what was not rejected, over the connection that examined; how many documents differed."""
    written, done = 0, 0
    for batch in _batches(lines, mapping):
        found = [one for one in batch if one.document is not None]
        lines_of = await _lines_of(connection, [one.document.id for one in found if one.document])
        kept = [one.document for one in found if one.document and lines_of.get(one.document.id) == one.line]
        if kept:
            async with connection.transaction():
                written += len(await documents.write(connection, source, kept))
        done += len(batch)
        tell(done)
    return written


async def bury_vanished(connection: Any, source: str) -> int:
    """Tombstones for what the source, read to its end, no longer says; how many."""
    last, buried = "", 0
    while ids := [row["id"] for row in await connection.fetch(VANISHED, source, last, BATCH)]:
        async with connection.transaction():
            buried += len(await documents.bury(connection, source, ids))
        last = ids[-1]
    return buried


def _batches(lines: Iterable[Line], mapping: FieldMapping) -> Iterator[list[Numbered]]:
    batch: list[Numbered] = []
    size = 0
    for line in lines:
        batch.append(_numbered(line, mapping))
        size += len(line.content or b"")
        if len(batch) == BATCH or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _numbered(line: Line, mapping: FieldMapping) -> Numbered:
    try:
        return Numbered(line.number, document(line, mapping))
    except Unfit as unfit:
        return Numbered(line.number, None, str(unfit))


async def _examine(connection: Any, source: str, batch: Sequence[Numbered], loaded: Loaded) -> None:
    ids = {one.line: one.document.id for one in batch if one.document is not None}
    # Within one statement the first of two equal ids would be met twice.
    first: dict[str, int] = {}
    for line, id_ in ids.items():
        first.setdefault(id_, line)
    new = {row["id"]: row["line"] for row in await connection.fetch(SEE, list(first), list(first.values()))}
    again = {line: id_ for line, id_ in ids.items() if new.get(id_) != line}
    lines_of = await _lines_of(connection, list(set(again.values())))
    twice = [Numbered(line, None, f"{DUPLICATE} {lines_of[id_]} already") for line, id_ in again.items()]
    await _reject(connection, source, [*(one for one in batch if one.document is None), *twice], loaded)


async def _lines_of(connection: Any, ids: Sequence[str]) -> dict[str, int]:
    rows = await connection.fetch("SELECT id, line FROM seen WHERE id = ANY($1::text[])", list(ids)) if ids else []
    return {row["id"]: row["line"] for row in rows}


async def _reject(connection: Any, source: str, rejected: Sequence[Numbered], loaded: Loaded) -> None:
    for one in rejected:
        kind = "duplicate id" if one.reason.startswith(DUPLICATE) else one.reason
        loaded.reasons[kind] = loaded.reasons.get(kind, 0) + 1
    loaded.rejected += len(rejected)
    if rejected:
        await connection.execute(REJECT, source, [one.line for one in rejected], [one.reason for one in rejected])


def told(reasons: Iterable[tuple[str, int]]) -> Iterator[str]:
    """The commonest reasons, for a sentence."""
    for reason, count in sorted(reasons, key=lambda pair: -pair[1])[:3]:
        yield f"{count} with `{reason}`"
