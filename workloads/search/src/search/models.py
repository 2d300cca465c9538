"""What the API takes and gives, camelCase outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from search.engine import Answer, Found
from search.generation import Generation
from search.query.question import Mode

K = Annotated[int, Field(ge=1, le=100)]
Depth = Annotated[int, Field(ge=1, le=1000)]
RrfK = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
FilterValue = Annotated[str, Field(max_length=256)]
Plain = str | int | float | bool | None


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True)


class Asked(_Model):
    """A search that is too long for an address, or brings its own vector."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(max_length=200_000, examples=["robots that learn to walk"])] | None = None
    """What is looked for; with `vector` it is used for words only."""
    vector: Annotated[list[float], Field(max_length=4000)] | None = None
    """A vector of the index's dimension, from the same model."""
    k: K = 10
    """Rows of a page."""
    mode: Mode | None = None
    """Left out: hybrid where the index has words, else vector."""
    filters: Annotated[dict[str, list[FilterValue]], Field(examples=[{"category": ["cs.CL"]}])] = {}
    """Field to values, of which a document has at least one; all fields must agree."""
    explain: bool = False
    """Tell ranks, scores and distances."""
    cursor: Annotated[str, Field(max_length=1000)] | None = None
    """`next` of the page before; everything else as it was."""
    depth: Depth = 100
    """Documents of each list that are ranked; pages end there."""
    rrf_k: RrfK = 60.0
    """Of reciprocal rank fusion: score = Σ weight ÷ (rrfK + rank)."""
    vector_weight: Weight = 1.0
    lexical_weight: Weight = 1.0


class Body(_Model):
    """A document as it is written."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(examples=["Attention is all you need"])] = ""
    text: Annotated[str, Field(examples=["The dominant sequence transduction models …"])] = ""
    filters: Annotated[dict[str, Plain | list[Plain]], Field(max_length=16, examples=[{"category": ["cs.CL"]}])] = {}
    """Only fields that the index can be filtered by."""


class Explained(_Model):
    """How a row came to its place."""

    vector_rank: int | None
    distance: float | None
    lexical_rank: int | None
    lexical_score: float | None


class Excerpt(_Model):
    """A piece of the text."""

    text: str
    marks: Sequence[tuple[int, int]]
    """Start and end of each word of the question, in Unicode code points."""


class Row(_Model):
    """One document of an answer."""

    id: str
    title: str
    snippet: Excerpt
    filters: Mapping[str, Sequence[str]]
    score: float
    """More is better; the negative distance with mode=vector."""
    explain: Explained | None = None


class Took(_Model):
    """Milliseconds, by what they were spent on."""

    embedding: float
    database: float
    total: float


class Results(_Model):
    """One page of an answer, all of it from one generation."""

    generation: str
    mode: Mode
    items: Sequence[Row]
    next: str | None
    """Cursor of the next page; none at the end."""
    reason: str | None
    """Why there are fewer rows than asked for; none when there are as many."""
    took: Took


def sent(answer: Answer, generation: Generation, mode: Mode, *, explain: bool) -> dict[str, Any]:
    """`Results` as it is sent; a test holds the two equal. Making the model of each answer would cost as much again."""
    return {
        "generation": generation.name,
        "mode": mode,
        "items": [_row(found, explain=explain) for found in answer.found],
        "next": answer.following,
        "reason": answer.reason,
        "took": {name: round(seconds * 1000, 3) for name, seconds in answer.seconds.items()},
    }


def _row(found: Found, *, explain: bool) -> dict[str, Any]:
    one = found.ranked
    explained = {
        "vectorRank": one.vector_rank,
        "distance": one.distance,
        "lexicalRank": one.lexical_rank,
        "lexicalScore": one.lexical_score,
    }
    return {
        "id": one.id,
        "title": found.title,
        "snippet": {"text": found.snippet.text, "marks": found.snippet.marks},
        "filters": found.filters,
        "score": one.score,
        "explain": explained if explain else None,
    }


class Shown(_Model):
    """A document as it is kept."""

    id: str
    title: str
    text: str
    filters: Mapping[str, Sequence[str]]
    changed_at: datetime
    sequence: int
    """Its number in the source's change sequence."""


class Written(_Model):
    """A document was taken."""

    id: str
    sequence: int
    """Found by words at once, and by its vector when the generation's `position` has reached this."""


class Model(_Model):
    """What embeds."""

    name: str
    digest: str
    dimension: int
    token_limit: int


class Hnsw(_Model):
    """The index of vectors."""

    m: int
    ef_construction: int
    ef_search: int


class Recall(_Model):
    """What verification showed before the generation was served."""

    trials: int
    hits: int
    lower_bound: float
    mean_overlap: float


class Index(_Model):
    """What serves."""

    generation: str
    state: str
    source: str
    model: Model
    metric: str
    quantization: str
    hybrid: bool
    hnsw: Hnsw
    filters: Sequence[str]
    """Fields that a search can be limited by."""
    sequence: int
    """Changes of the documents so far."""
    position: int
    """How many of them this generation has followed."""
    documents: int | None
    """When the generation was built, or refreshed last."""
    embedded: int
    unchanged: int
    """Vectors that were taken over from an earlier generation."""
    rejected: int
    recall: Recall | None
    ndcg: float | None
    """nDCG@10 on the judged queries that the resource names."""
    progress: Mapping[str, Any]
    loaded_at: datetime | None
    ready_at: datetime | None
    candidate: str | None
    """Address of another generation's service to compare with, where there is one."""
