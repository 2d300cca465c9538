"""The generation's row, as the program that fills it writes it."""

from typing import Any

import orjson

from search.embedding.card import Card
from search.generation import FIXED, Generation
from search.ingest.settings import IngestSettings
from search.ingest.verify import Recall
from toprope_kit.migrate.place import quoted
from toprope_kit.outcome import Refused

BEGIN = """
    INSERT INTO search.generations (name, source, model, dimension, token_limit, metric, hnsw_m, hnsw_ef_construction,
        quantization, hybrid, filter_fields)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (name) DO NOTHING
"""
REVIVE = """
    UPDATE search.generations SET state = CASE state WHEN 'Failed' THEN 'Building' ELSE state END, reason = ''
    WHERE name = $1 RETURNING state
"""
PROVED = """
    UPDATE search.generations
    SET recall_trials = $2, recall_hits = $3, recall_lower = $4, overlap = $5, ndcg = $6, judged = $7 WHERE name = $1
"""


def wanted(settings: IngestSettings, card: Card) -> Generation:
    """The generation that the environment describes."""
    index, mapping = settings.ingest_index, settings.ingest_fields
    return Generation(
        name=settings.generation,
        source=settings.source_id,
        model=card.digest,
        dimension=card.dimension,
        token_limit=card.token_limit,
        metric=index.metric,
        hnsw_m=index.hnsw.m,
        hnsw_ef_construction=index.hnsw.ef_construction,
        quantization=index.quantization,
        hybrid=index.hybrid,
        filter_fields=mapping.filters,
    )


async def begin(connection: Any, generation: Generation, role: str) -> str:
    """Row and table are there; its state. Refused when there is a generation of that name which is another one."""
    await connection.execute("INSERT INTO search.sources (id) VALUES ($1) ON CONFLICT DO NOTHING", generation.source)
    values = [getattr(generation, name) for name in ("name", *FIXED)]
    await connection.execute(BEGIN, *values)
    row = await connection.fetchrow("SELECT * FROM search.generations WHERE name = $1", generation.name)
    other = differing(Generation.of(row), generation)
    if other:
        raise Refused(
            f"generation {generation.name} was begun with another {' and '.join(other)}: a generation never changes; "
            "give the new one a name of its own"
        )
    await connection.execute(generation.create())
    await connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {generation.table} TO {quoted(role)}")
    # One that failed and is tried again lives: what is written meanwhile is written for it, too.
    return str(await connection.fetchval(REVIVE, generation.name))


def differing(one: Generation, other: Generation) -> list[str]:
    """Names of what is not equal."""
    return [name for name in FIXED if _plain(getattr(one, name)) != _plain(getattr(other, name))]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


async def prove(connection: Any, name: str, recall: Recall, ndcg: float | None, judged: str | None) -> None:
    """What verification showed."""
    await connection.execute(
        PROVED, name, recall.trials, recall.hits, recall.lower, recall.overlap, ndcg, judged
    )  # fmt: skip


async def ready(connection: Any, name: str) -> None:
    """Pods may serve it."""
    await connection.execute(
        "UPDATE search.generations SET state = 'Ready', reason = '', ready_at = coalesce(ready_at, now())"
        " WHERE name = $1",
        name,
    )


async def failed(connection: Any, name: str, reason: str) -> None:
    """It will not be served, and why; one that was ready stays so."""
    await connection.execute(
        "UPDATE search.generations SET state = 'Failed', reason = $2 WHERE name = $1 AND state <> 'Ready'", name, reason
    )


async def tell(connection: Any, name: str, progress: dict[str, Any], rejected: int) -> None:
    """How far it is."""
    await connection.execute(
        "UPDATE search.generations SET progress = $2::jsonb, rejected = $3 WHERE name = $1",
        name, orjson.dumps(progress).decode(), rejected,
    )  # fmt: skip
