"""An embedder that needs no model: words into a few numbers, always the same way, and it counts what it computes."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from search.embedding.card import Card
from search.embedding.embedder import Cut, Embedder, Vectors

DIMENSION = 32


class Toy(Embedder):
    """Texts that share words are near."""

    def __init__(self, digest: str = "toy", dimension: int = DIMENSION, token_limit: int = 64) -> None:
        self.card = Card("toy", digest, dimension, token_limit, {})
        self.computed = 0
        self.seconds = 0.0
        self.texts: Counter[tuple[int, ...]] = Counter()
        """How often each text was computed, by its tokens."""

    def cut(self, texts: Sequence[str]) -> list[Cut]:
        cuts = [Cut(place, [_number(word) for word in text.lower().split()] or [0]) for place, text in enumerate(texts)]
        return sorted(cuts, key=lambda cut: len(cut.ids))

    def compute(self, batch: Sequence[Cut]) -> Vectors:
        self.computed += len(batch)
        self.texts.update(tuple(cut.ids) for cut in batch)
        return np.stack([self._vector(cut.ids) for cut in batch])

    def _vector(self, ids: Sequence[int]) -> Vectors:
        total = sum(np.random.default_rng(number).standard_normal(self.card.dimension) for number in ids)
        return (total / np.linalg.norm(total)).astype(np.float32)


def _number(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest())
