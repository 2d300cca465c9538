"""The shared documents of a source and their change sequence, as SQL. Callers hold the transaction.

    lock the source's row ─► what differs gets the next numbers ─► commit: now, and not before, others see it

The lock makes writers of one source follow one another, so that numbers become visible in their order.
"""

from collections.abc import Sequence
from typing import Any

from search.document import Document
from search.generation import as_text

LOCK = "SELECT sequence FROM search.sources WHERE id = $1 FOR UPDATE"

WRITE = """
    WITH given AS (
        SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bytea[])
        WITH ORDINALITY AS g (id, title, body, filters, text_digest, line_digest, place)
    ), changed AS (
        SELECT given.*, row_number() OVER (ORDER BY place) AS number
        FROM given LEFT JOIN search.documents AS old ON old.source = $1 AND old.id = given.id
        WHERE old.id IS NULL OR $8 OR old.line_digest IS DISTINCT FROM given.line_digest
    ), taken AS (
        UPDATE search.sources SET sequence = sequence + (SELECT count(*) FROM changed)
        WHERE id = $1 AND EXISTS (SELECT FROM changed) RETURNING sequence - (SELECT count(*) FROM changed) AS before
    )
    INSERT INTO search.documents AS d
        (source, id, sequence, title, body, filters, text_digest, line_digest, written_by_api)
    SELECT $1, c.id, taken.before + c.number, c.title, c.body, c.filters::jsonb, c.text_digest, c.line_digest, $8
    FROM changed AS c, taken
    ON CONFLICT (source, id) DO UPDATE SET
        sequence = excluded.sequence, title = excluded.title, body = excluded.body, filters = excluded.filters,
        text_digest = excluded.text_digest, written_by_api = excluded.written_by_api, deleted = false,
        line_digest = CASE WHEN $8 THEN d.line_digest ELSE excluded.line_digest END, changed_at = now()
    RETURNING sequence
"""

# A tombstone keeps its row: followers must see that something went.
BURY = """
    WITH gone AS (
        SELECT id, row_number() OVER (ORDER BY id) AS number FROM search.documents
        WHERE source = $1 AND id = ANY($2::text[]) AND NOT deleted
    ), taken AS (
        UPDATE search.sources SET sequence = sequence + (SELECT count(*) FROM gone)
        WHERE id = $1 AND EXISTS (SELECT FROM gone) RETURNING sequence - (SELECT count(*) FROM gone) AS before
    )
    UPDATE search.documents AS d SET
        sequence = taken.before + gone.number, deleted = true, title = '', body = '', filters = '{}',
        written_by_api = $3, changed_at = now()
    FROM gone, taken WHERE d.source = $1 AND d.id = gone.id
    RETURNING d.sequence
"""


async def lock(connection: Any, source: str) -> int | None:
    """Be the only writer of the source until the transaction ends; its sequence, None when there is no such source."""
    found: int | None = await connection.fetchval(LOCK, source)
    return found


async def write(connection: Any, source: str, documents: Sequence[Document], *, by_api: bool = False) -> list[int]:
    """Upsert what differs from what the source said last; the numbers that were given. Ids must be different ones.

    What the API writes differs always, and stays until the source's own line of that id changes.
    """
    await lock(connection, source)
    rows = await connection.fetch(
        WRITE,
        source,
        [document.id for document in documents],
        [document.title for document in documents],
        [document.body for document in documents],
        [as_text(document.filters) for document in documents],
        [document.text_digest() for document in documents],
        [None if by_api else document.digest() for document in documents],
        by_api,
    )
    return [row["sequence"] for row in rows]


async def bury(connection: Any, source: str, ids: Sequence[str], *, by_api: bool = False) -> list[int]:
    """Tombstones for those of the documents that live; the numbers that were given."""
    await lock(connection, source)
    rows = await connection.fetch(BURY, source, list(ids), by_api)
    return [row["sequence"] for row in rows]
