"""`python -m search.model.make FOLDER`: the bundled model, ready to be served, and the card that says what it is.

    weights (proved by hash) ─► graph in floats ─► quantised to 8 bits ─► model.onnx, tokenizer.json, card.json

Eight bits without a bit of their range: on processors that add pairs of products in 16 bits (AVX2) the full range
overflows silently. A folder is made whole or not at all.
"""

import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from search.embedding.card import CARD, Card, digest_of
from search.model import graph, weights

LIMIT = 256
"""Tokens of a text that are read; cutting at 128 costs 0.03 of nDCG@10."""


def make(folder: Path) -> Card:
    """Fill the folder; a second call finds it filled."""
    if (folder / CARD).exists():
        return Card.read(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        card = _filled(draft)
        draft.chmod(0o755)
        draft.rename(folder)
    except OSError:
        # Somebody else was quicker, and made the same.
        if not (folder / CARD).exists():
            raise
        return Card.read(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return card


def floats(folder: Path) -> Path:
    """The model before it is quantised: what the quantised one is measured against."""
    path = folder / "floats.onnx"
    onnx.save(graph.written(weights.tensors()), path)
    return path


@contextmanager
def _hushed() -> Iterator[None]:
    """onnxruntime advises shape inference, by the root logger, for models that were traced; ours was written."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _filled(folder: Path) -> Card:
    unquantised = floats(folder)
    with _hushed():
        quantize_dynamic(
            unquantised, folder / "model.onnx", per_channel=True, reduce_range=True, weight_type=QuantType.QInt8,
        )  # fmt: skip
    unquantised.unlink()
    (folder / "tokenizer.json").write_bytes(weights.proved(*weights.TOKENIZER))
    for name in weights.PAPERS:
        shutil.copy(weights.folder() / name, folder / name)
    hashes = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.onnx", "tokenizer.json")
    }
    card = Card("all-MiniLM-L6-v2", digest_of(hashes, LIMIT), graph.WIDTH, LIMIT, hashes)
    (folder / CARD).write_text(json.dumps(card.as_json(), indent=2) + "\n")
    return card


def local() -> Path:
    """The model in this user's cache, made when it is not there; for tests and benches, a pod's image has its own."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "toprope"
    recipe = b"".join(Path(module.__file__ or "").read_bytes() for module in (graph, weights))
    key = hashlib.sha256(recipe + Path(__file__).read_bytes()).hexdigest()[:12]
    folder = cache / f"model-{key}"
    make(folder)
    return folder


if __name__ == "__main__":
    sys.stdout.write(f"{make(Path(sys.argv[1])).digest}\n")
