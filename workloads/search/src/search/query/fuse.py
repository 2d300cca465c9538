"""Two lists into one, by reciprocal rank: score = Σ weight ÷ (k + rank), equal scores by id."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.query.lexical import Worded
from search.query.near import Near


@dataclass(frozen=True, slots=True)
class Fusion:
    """How two lists become one; said in the question, never hidden."""

    rrf_k: float = 60.0
    """The larger, the less the first places count for."""
    vector_weight: float = 1.0
    lexical_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """One document of an answer, and how it came to its place."""

    id: str
    score: float
    """More is better, in every mode: of a list of near ones it is the negative distance."""
    vector_rank: int | None = None
    distance: float | None = None
    lexical_rank: int | None = None
    lexical_score: float | None = None

    @property
    def place(self) -> tuple[float, str]:
        """Ascending, it is the order of the answer."""
        return -self.score, self.id


def by_vector(near: Sequence[Near]) -> list[Ranked]:
    """The near ones as they are."""
    return [Ranked(one.id, -one.distance, rank, one.distance) for rank, one in enumerate(near, 1)]


def by_words(worded: Sequence[Worded]) -> list[Ranked]:
    """Those with the words as they are."""
    return [Ranked(one.id, one.score, lexical_rank=rank, lexical_score=one.score) for rank, one in enumerate(worded, 1)]


def fused(near: Sequence[Near], worded: Sequence[Worded], how: Fusion) -> list[Ranked]:
    """Both as one list."""
    vectors = {one.id: one for one in by_vector(near)}
    words = {one.id: one for one in by_words(worded)}
    found = []
    for id_ in vectors.keys() | words.keys():
        one, other = vectors.get(id_), words.get(id_)
        score = 0.0
        if one is not None and one.vector_rank is not None:
            score += how.vector_weight / (how.rrf_k + one.vector_rank)
        if other is not None and other.lexical_rank is not None:
            score += how.lexical_weight / (how.rrf_k + other.lexical_rank)
        found.append(
            Ranked(
                id_, score,
                one.vector_rank if one else None, one.distance if one else None,
                other.lexical_rank if other else None, other.lexical_score if other else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda ranked: ranked.place)
