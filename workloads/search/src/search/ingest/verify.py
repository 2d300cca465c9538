"""Is the index as good as it must be? At least 500 questions, each asked of the index and answered exactly.

A question is a few words of a document, embedded as a search would be: a document's own vector would find itself, and
flatter. One of five is asked with a filter that its document passes. A question is one trial, a hit when the tenth is
as near as the exact tenth; the generation passes when the bound of their share lies above the objective.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from search import bounds
from search.embedding.embedder import Embedder
from search.generation import Generation
from search.query import near
from search.query.filters import Filters

AT = 10
WORDS = 8
WITH_FILTER = 5
BATCH = 50

# A sample that is the same whenever it is taken, and spread over all documents.
SAMPLE = """
    SELECT title, left(body, 2000) AS body, filters::text AS filters FROM search.documents
    WHERE source = $1 AND NOT deleted ORDER BY md5(id), id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and within what."""

    text: str
    filters: Filters


@dataclass(frozen=True, slots=True)
class Recall:
    """What the questions showed."""

    trials: int
    hits: int
    overlap: float
    """Mean share of the exact ten that were found."""

    @property
    def lower(self) -> float:
        """The bound that the share of hits exceeds, 19 times of 20."""
        return bounds.lower(self.hits, self.trials)


async def questions(connection: Any, generation: Generation, count: int) -> list[Question]:
    """So many, or none where there are no documents; of few documents each is asked for in several ways."""
    rows = await connection.fetch(SAMPLE, generation.source, count)
    excerpts = [list(_excerpts(row["title"], row["body"])) for row in rows]
    filters = [_one_filter(orjson.loads(row["filters"])) for row in rows]
    return [
        Question(
            excerpts[number % len(rows)][number // len(rows) % len(excerpts[number % len(rows)])],
            filters[number % len(rows)] if number % WITH_FILTER == 0 else {},
        )
        for number in range(count if rows else 0)
    ]


def _excerpts(title: str, body: str) -> Iterator[str]:
    words = f"{title} {body}".split()
    for start in range(0, len(words), WORDS):
        yield " ".join(words[start : start + WORDS])


def _one_filter(filters: dict[str, list[str]]) -> Filters:
    return next(({field: values[:1]} for field, values in sorted(filters.items()) if values), {})


async def measure(
    connection: Any, generation: Generation, embedder: Embedder, asked: Sequence[Question], tell: Callable[[int], None]
) -> Recall:
    """Ask them all."""
    counts, hits, shares = near.Counts(generation), 0, 0.0
    for start in range(0, len(asked), BATCH):
        some = asked[start : start + BATCH]
        vectors = await asyncio.to_thread(embedder.embed, [question.text for question in some])
        for question, vector in zip(some, vectors, strict=True):
            found = await near.nearest(connection, generation, counts, vector, question.filters, AT)
            exact = await near.exactly_all(connection, generation, vector, question.filters, AT)
            hits += near.hit(found, exact)
            shares += near.overlap(found, exact)
        tell(start + len(some))
    return Recall(len(asked), hits, shares / len(asked) if asked else 1.0)
