"""A question as it is asked of an index, checked once: what is out of bounds is refused with its field."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import numpy as np

from search.codecs import Vector
from search.document import prose
from search.generation import Generation, as_text
from search.query.fuse import Fusion
from toprope_kit.problem import Unprocessable

Mode = Literal["hybrid", "vector", "lexical"]
LONGEST = 32_000
"""Characters of a question; beyond the model's limit they only count for the words."""

MOST_FIELDS, MOST_VALUES = 8, 32


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    mode: Mode
    text: str = ""
    vector: Vector | None = field(default=None, compare=False)
    """Given by who asks, or made of the text."""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    k: int = 10
    depth: int = 100
    """Documents of each list that are ranked; pages end there."""
    fusion: Fusion = field(default_factory=Fusion)
    explain: bool = False
    without: str | None = None
    """A document that is no answer: that to which others are to be alike."""

    def fingerprint(self, generation: str) -> bytes:
        """Equal for questions whose answers are pages of one list."""
        vector = b"" if self.vector is None or self.text else self.vector.tobytes()
        numbers = struct.pack(
            "<iddd", self.depth, self.fusion.rrf_k, self.fusion.vector_weight, self.fusion.lexical_weight
        )
        words = "\0".join((generation, self.mode, self.text, as_text(self.filters), self.without or ""))
        return blake2b(words.encode() + numbers + vector, digest_size=8).digest()


def wrong(name: str, message: str) -> Unprocessable:
    """A refusal that names the field."""
    return Unprocessable(f"Not valid: {name}. {message}", errors=[{"field": name, "message": message}])


def text(value: str) -> str:
    """The question cleaned as documents are; refused when nothing is left."""
    if len(value) > LONGEST:
        raise wrong("q", f"A question has at most {LONGEST} characters.")
    found = prose(value, "q")
    if not found:
        raise wrong("q", "A question has at least one character.")
    return found


def mode(asked: Mode | None, generation: Generation) -> Mode:
    """The one that was asked for, if this index has it; else the best it has."""
    if asked in ("hybrid", "lexical") and not generation.hybrid:
        raise wrong("mode", "This index was made without words (hybrid: false); ask with mode=vector.")
    return asked or ("hybrid" if generation.hybrid else "vector")


def vector(values: Sequence[float], generation: Generation) -> Vector:
    """A vector of the index's own dimension, all of it numbers."""
    if len(values) != generation.dimension:
        raise wrong("vector", f"It has {len(values)} numbers, and this index has {generation.dimension}.")
    with np.errstate(over="ignore"):
        found = np.asarray(values, np.float32)
    if not np.isfinite(found).all():
        raise wrong("vector", "It holds something that is no finite number.")
    if not found.any():
        raise wrong("vector", "It is zero, and points nowhere.")
    return found


def filters(pairs: Mapping[str, Sequence[str]], generation: Generation) -> dict[str, list[str]]:
    """Fields that this index has, with the values that are asked for, in an order of their own."""
    if len(pairs) > MOST_FIELDS or any(len(values) > MOST_VALUES for values in pairs.values()):
        raise wrong("filter", f"At most {MOST_FIELDS} fields with {MOST_VALUES} values each.")
    for name, values in pairs.items():
        if name not in generation.filter_fields:
            known = ", ".join(generation.filter_fields) or "none"
            raise wrong("filter", f"This index cannot be filtered by that field; its fields: {known}.")
        if not values or any(not value or len(value) > 256 for value in values):
            raise wrong("filter", f"{name} wants values of 1 to 256 characters.")
    return {name: sorted({prose(value, "filter") for value in pairs[name]}) for name in sorted(pairs)}


def parsed(words: Sequence[str]) -> dict[str, list[str]]:
    """`field:value` of a query string; the same field twice means either."""
    found: dict[str, list[str]] = {}
    for word in words:
        name, colon, value = word.partition(":")
        if not colon:
            raise wrong("filter", "A filter is written field:value.")
        found.setdefault(name, []).append(value)
    return found
