"""The model computed a second time, in numpy, from the published architecture: what the graph must equal."""

from collections.abc import Sequence
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from search.model.weights import Tensors

Matrix = NDArray[np.float64]
HEADS = 12


def embedding(weights: Tensors, ids: Sequence[int]) -> Matrix:
    """One text, alone and without filling, in 64-bit floats."""
    x = _at(weights, "embeddings.word_embeddings")[list(ids)]
    x = (
        x
        + _at(weights, "embeddings.position_embeddings")[: len(ids)]
        + _at(weights, "embeddings.token_type_embeddings")[0]
    )
    x = _norm(weights, x, "embeddings.LayerNorm")
    for number in range(6):
        x = _layer(weights, x, f"encoder.layer.{number}")
    mean = x.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def _at(weights: Tensors, name: str) -> Matrix:
    return weights[f"{name}.weight"].astype(np.float64)


def _dense(weights: Tensors, x: Matrix, name: str) -> Matrix:
    return np.asarray(x @ _at(weights, name).T + weights[f"{name}.bias"])


def _norm(weights: Tensors, x: Matrix, name: str) -> Matrix:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return np.asarray(scaled * _at(weights, name) + weights[f"{name}.bias"])


def _layer(weights: Tensors, x: Matrix, name: str) -> Matrix:
    attended = _dense(weights, _attention(weights, x, f"{name}.attention.self"), f"{name}.attention.output.dense")
    x = _norm(weights, attended + x, f"{name}.attention.output.LayerNorm")
    wide = _dense(weights, x, f"{name}.intermediate.dense")
    wide = 0.5 * wide * (1 + np.vectorize(erf)(wide / sqrt(2)))
    return _norm(weights, _dense(weights, wide, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")


def _attention(weights: Tensors, x: Matrix, name: str) -> Matrix:
    query, key, value = (
        _dense(weights, x, f"{name}.{part}").reshape(len(x), HEADS, -1).transpose(1, 0, 2)
        for part in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 2, 1) / sqrt(query.shape[-1])
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    heads = shares / shares.sum(axis=-1, keepdims=True) @ value
    return np.asarray(heads.transpose(1, 0, 2).reshape(len(x), -1))
