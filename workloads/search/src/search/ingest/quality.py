"""Are the answers right? nDCG@10 on queries that people have judged, as the service would answer them.

DCG = Σ relevance ÷ log2(rank + 1) over the first ten, divided by what the best order would have; the mean over queries
with judgements. What nobody judged counts as not relevant, and an answer without rows counts 0.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Any

import orjson

from search.embedding.embedder import Embedder
from search.generation import Generation
from search.query import fuse, lexical, near
from toprope_kit.outcome import Refused

AT, DEPTH = 10, 100
FORM = 'is not {"query": text, "relevant": {id: grade}}, with grades of at least 0'


@dataclass(frozen=True, slots=True)
class Judged:
    """One query and what people said of documents."""

    query: str
    relevant: Mapping[str, float]


def read(path: Path) -> tuple[str, list[Judged]]:
    """The digest of the set, and its queries; Refused names the line that is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused(f"the judged queries {path} cannot be read: {error.strerror}") from error
    lines = [(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
    judged = [_judged(number, line) for number, line in lines]
    return hashlib.sha256(content).hexdigest(), [one for one in judged if one.relevant]


def _judged(number: int, line: bytes) -> Judged:
    try:
        content = orjson.loads(line)
        query, relevant = content["query"], {str(id_): float(grade) for id_, grade in content["relevant"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"the judged queries' line {number} {FORM}") from error
    if not isinstance(query, str) or any(grade < 0 for grade in relevant.values()):
        raise Refused(f"the judged queries' line {number} {FORM}")
    return Judged(query, {id_: grade for id_, grade in relevant.items() if grade > 0})


def ndcg(found: Sequence[str], relevant: Mapping[str, float], at: int = AT) -> float:
    """Of one answer."""
    best = _dcg(sorted(relevant.values(), reverse=True)[:at])
    return _dcg([relevant.get(id_, 0.0) for id_ in found[:at]]) / best if best else 0.0


def _dcg(grades: Sequence[float]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, 1))


async def answers(connection: Any, generation: Generation, embedder: Embedder, query: str) -> dict[str, list[str]]:
    """Ids by mode, as the service ranks them."""
    (vector,) = await asyncio.to_thread(embedder.embed, [query])
    close = await near.nearest(connection, generation, near.Counts(generation), vector, {}, DEPTH)
    words = await lexical.stems(connection, generation.source, query) if generation.hybrid else []
    worded = await lexical.worded(connection, generation.source, query, words, {}, DEPTH)
    lists = {
        "vector": fuse.by_vector(close),
        "lexical": fuse.by_words(worded),
        "hybrid": fuse.fused(close, worded, fuse.Fusion()),
    }
    return {mode: [one.id for one in ranked] for mode, ranked in lists.items()}


async def measure(connection: Any, generation: Generation, embedder: Embedder, judged: Sequence[Judged]) -> float:
    """The mean, in the mode that a search has which names none."""
    if not judged:
        raise Refused("the judged queries name no relevant document")
    mode = "hybrid" if generation.hybrid else "vector"
    scores = [ndcg((await answers(connection, generation, embedder, one.query))[mode], one.relevant) for one in judged]
    return sum(scores) / len(scores)
