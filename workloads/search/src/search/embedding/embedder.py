"""Texts into vectors of length 1: tokens, a batch of one length, the model, in this process and its threads."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from search.embedding.card import Card, WrongModel

Vectors = NDArray[np.float32]
BATCH = 32
"""Texts a batch: more do not compute faster, and a killed program loses one batch."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A text as the model reads it."""

    place: int
    """Where it stood in what was asked for."""
    ids: Sequence[int]


class Embedder:
    """One model in one process; may be called from any thread, one at a time computes fastest."""

    def __init__(self, folder: Path, threads: int) -> None:
        """WrongModel when the folder's files are not what its card says."""
        self.card = Card.read(folder)
        self.card.prove(folder)
        self.computed = 0
        """Texts embedded so far."""
        self.seconds = 0.0
        """Time that the model has computed."""
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session = _session(folder / "model.onnx", threads)
        except Exception as error:  # the two libraries raise bare exceptions of their own
            raise WrongModel(f"The model in {folder} cannot be loaded: {type(error).__name__}.") from error
        self._tokenizer.enable_truncation(self.card.token_limit)
        self._tokenizer.no_padding()

    def cut(self, texts: Sequence[str]) -> list[Cut]:
        """The texts' tokens, shortest first, so that a batch holds little filling."""
        found: list[Encoding] = self._tokenizer.encode_batch_fast(list(texts))
        cuts = [Cut(place, encoding.ids) for place, encoding in enumerate(found)]
        return sorted(cuts, key=lambda cut: len(cut.ids))

    def batches(self, cuts: Sequence[Cut]) -> Iterator[Sequence[Cut]]:
        """What is computed at once, in order."""
        for start in range(0, len(cuts), BATCH):
            yield cuts[start : start + BATCH]

    def compute(self, batch: Sequence[Cut]) -> Vectors:
        """A row for each of the batch."""
        longest = max(len(cut.ids) for cut in batch)
        ids = np.zeros((len(batch), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, cut in enumerate(batch):
            ids[row, : len(cut.ids)] = cut.ids
            mask[row, : len(cut.ids)] = 1
        start = time.perf_counter()
        (vectors,) = self._session.run(["embedding"], {"ids": ids, "mask": mask})
        self.seconds += time.perf_counter() - start
        self.computed += len(batch)
        return np.asarray(vectors, np.float32)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A row for each text, in their order."""
        vectors = np.zeros((len(texts), self.card.dimension), np.float32)
        for batch in self.batches(self.cut(texts)):
            vectors[[cut.place for cut in batch]] = self.compute(batch)
        return vectors


def _session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    # What is searched for is nobody else's business, nor that it is.
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A thread that spins while it waits spends the container's processor limit on nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
