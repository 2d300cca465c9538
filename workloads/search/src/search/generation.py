"""One generation of an index, as its row says: what its vectors were made with, and how far it has followed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import orjson

from search.place import SCHEMA
from toprope_kit.migrate.place import quoted

Metric = Literal["Cosine", "InnerProduct", "Euclidean"]
Quantization = Literal["None", "Half", "Binary"]
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")

OPERATORS: Mapping[str, tuple[str, str]] = {
    "Cosine": ("<=>", "cosine"),
    "InnerProduct": ("<#>", "ip"),
    "Euclidean": ("<->", "l2"),
}
"""Metric → pgvector's operator, and its word in the names of operator classes."""

# What decides a vector, or what finds it: none of it ever changes in a row.
FIXED = (
    "source", "model", "dimension", "token_limit", "metric", "hnsw_m", "hnsw_ef_construction", "quantization", "hybrid",
    "filter_fields",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Generation:
    """The part of the row that never changes."""

    name: str
    source: str
    model: str
    dimension: int
    token_limit: int
    metric: Metric
    hnsw_m: int
    hnsw_ef_construction: int
    quantization: Quantization
    hybrid: bool
    filter_fields: Sequence[str]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Generation":
        """From its row, whole."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    @property
    def table(self) -> str:
        """Its own table, as SQL."""
        return table_of(self.name)

    @property
    def operator(self) -> str:
        """Distance in full precision."""
        return OPERATORS[self.metric][0]

    def distance(self, query: str) -> str:
        """SQL of the exact distance between a row's vector and the parameter `query`."""
        return f"(embedding {self.operator} {query})"

    def order(self, query: str) -> str:
        """SQL of the distance by which the index is ordered; with quantisation only near the exact one."""
        if self.quantization == "Half":
            return f"(embedding::halfvec({self.dimension}) {self.operator} {query}::halfvec({self.dimension}))"
        if self.quantization == "Binary":
            bits = f"bit({self.dimension})"
            return f"(binary_quantize(embedding)::{bits} <~> binary_quantize({query})::{bits})"
        return self.distance(query)

    def index(self) -> str:
        """The statement that builds the index of the vectors."""
        word = OPERATORS[self.metric][1]
        column = {
            "None": f"embedding vector_{word}_ops",
            "Half": f"(embedding::halfvec({self.dimension})) halfvec_{word}_ops",
            "Binary": f"(binary_quantize(embedding)::bit({self.dimension})) bit_hamming_ops",
        }[self.quantization]
        return (
            f"CREATE INDEX {quoted(index_of(self.name))} ON {self.table} USING hnsw ({column})"
            f" WITH (m = {self.hnsw_m}, ef_construction = {self.hnsw_ef_construction})"
        )

    def create(self) -> str:
        """The statement that makes its table; the vectors stay in full precision, whatever the index holds of them."""
        return f"""
            CREATE TABLE IF NOT EXISTS {self.table} (
                id text PRIMARY KEY,
                sequence bigint NOT NULL,
                text_digest bytea NOT NULL,
                filters jsonb NOT NULL,
                embedding vector({self.dimension}) NOT NULL
            )
        """


def table_of(name: str) -> str:
    """The table of the generation of this name, as SQL."""
    if not NAME.fullmatch(name):
        raise ValueError("a generation's name is lower-case letters, digits and hyphens, 40 at most")
    return f"{SCHEMA}.{quoted(f'vectors_{name}')}"


def index_of(name: str) -> str:
    """The bare name of its index."""
    return f"vectors_{name}_hnsw"


def as_text(filters: Mapping[str, Sequence[str]]) -> str:
    """Filters as JSON."""
    return orjson.dumps(filters, option=orjson.OPT_SORT_KEYS).decode()
