"""Documents that hold the words of a question, best first.

    question ─► stems, and in how many documents each stands ─► who is looked at ─► score: Σ rarity · weight in the text

Postgres ranks without knowing which words are rare; so the rarity of each stem is kept for each source when a
generation is built, and multiplied in. Looked at are the documents with any of the rarest words, or, where even those
are common, with two of them at once: a word that everybody uses tells nobody apart.

Quotation marks and a minus before a word are taken at their word, as a condition.

The weights of a title's and a text's words, and how little a long text is held against it, were chosen on the CACM
collection: nDCG@10 is 0.42 with them, and was 0.23 with Postgres' own weights divided by the logarithm of the length.
"""

import math
import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

from search.query.filters import Filters, indexed

FEW = 4_000
"""Documents whose words are weighed for one question: some 30 ms (measured)."""

MOST_WORDS = 24
WEIGHTS = "'{0.1, 0.2, 0.7, 1.0}'"
LENGTH = """
    (1 + 0.1 * length(words) / greatest(1, coalesce(
        (SELECT documents FROM search.terms WHERE source = $1 AND word = ' '), 100)))
"""
DEMANDED = re.compile(r'"[^"]+"|(?:^|(?<=\s))-\w+')
UNWANTED = re.compile(r"(?:^|(?<=\s))-\w+")

STEMS = """
    SELECT stem.word, coalesce(terms.documents, 0) AS documents,
        coalesce((SELECT documents FROM search.terms WHERE source = $1 AND word = ''), 0) AS total
    FROM unnest(tsvector_to_array(to_tsvector('english', $2))) AS stem (word)
    LEFT JOIN search.terms ON terms.source = $1 AND terms.word = stem.word
"""


class Stem(NamedTuple):
    """A word of the question, as the index knows it."""

    word: str
    documents: int
    rarity: float


class Worded(NamedTuple):
    """One document and what its words score; more is better."""

    id: str
    score: float


async def stems(connection: Any, source: str, question: str) -> list[Stem]:
    """The question's words, rarest first; none when it has only such as stand everywhere."""
    rows = await connection.fetch(STEMS, source, UNWANTED.sub(" ", question))
    found = [Stem(row["word"], row["documents"], rarity(row["documents"], row["total"])) for row in rows]
    return sorted(found, key=lambda stem: (stem.documents, stem.word))[:MOST_WORDS]


def rarity(documents: int, total: int) -> float:
    """How much a word tells: as BM25 weighs it, never negative."""
    total = max(total, documents)
    return math.log(1 + (total - documents + 0.5) / (documents + 0.5))


def candidates(found: Sequence[Stem]) -> str:
    """Who is looked at, as a tsquery."""
    taken, total = [found[0]], found[0].documents
    if total > FEW and len(found) > 1:
        return " | ".join(f"({quoted(one)} & {quoted(other)})" for one, other in combinations(found[:4], 2))
    for stem in found[1:]:
        total += stem.documents
        if total > FEW:
            break
        taken.append(stem)
    return " | ".join(map(quoted, taken))


def quoted(stem: Stem) -> str:
    """The word as it may stand in a tsquery, whatever it holds."""
    escaped = stem.word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


async def worded(
    connection: Any, source: str, question: str, found: Sequence[Stem], filters: Filters, depth: int
) -> list[Worded]:
    """The best, equal ones by id; none when the question has no word."""
    if not found:
        return []
    condition = indexed(filters, 4)
    condition.add(f"words @@ {condition.parameter(candidates(found))}::tsquery")
    if demanded := " ".join(DEMANDED.findall(question)):
        condition.add(f"words @@ websearch_to_tsquery('english', {condition.parameter(demanded)})")
    score = " + ".join(
        f"{condition.parameter(stem.rarity)}::float8"
        f" * ts_rank({WEIGHTS}, words, {condition.parameter(quoted(stem))}::tsquery)"
        for stem in found
    )
    rows = await connection.fetch(
        f"""
        WITH worded AS MATERIALIZED (
            SELECT id, ({score}) / {LENGTH} AS score FROM search.documents
            WHERE source = $1 AND NOT deleted AND $2::text IS NOT NULL AND {condition.where}
        ) SELECT id, score FROM worded ORDER BY score DESC, id COLLATE "C" LIMIT $3
        """,  # noqa: S608 - our own words; what a client said is a parameter
        source, question, depth, *condition.parameters,
    )  # fmt: skip
    return [Worded(row["id"], row["score"]) for row in rows]
