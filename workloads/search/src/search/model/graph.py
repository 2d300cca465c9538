"""The model as an ONNX graph, written by hand from its weights: no framework is needed to export it.

    ids ─► word + position + type ─► norm ─► six layers ─► mean over mask ─► length 1
                                    each: attention ─► norm ─► feed forward ─► norm

Where it differs from the original on paper it does not in numbers: the three projections of attention are one
multiplication, and the division by the root of a head's width stands in the query's weights.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from search.model.weights import Tensors

OPSET, IR_VERSION = 17, 9
LAYERS, HEADS, WIDTH = 6, 12, 384
HEAD = WIDTH // HEADS
EPSILON = 1e-12
FAR_BELOW = -1e9
"""What is added to the score of a position that is only filling: nothing of it survives the softmax."""

Array = NDArray[Any]


class Graph:
    """Nodes and constants of a graph that grows; every method that adds a node gives the name of its output."""

    def __init__(self, weights: Tensors) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, Array] = {}

    def op(self, kind: str, *inputs: str, outputs: int = 1, name: str = "", **attributes: Any) -> str:
        """One node; of several outputs the first one's name, which the others follow as `.1`, `.2`."""
        stem = name or f"{kind.lower()}_{len(self._nodes)}"
        names = [stem, *(f"{stem}.{number}" for number in range(1, outputs))]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return stem

    def constant(self, name: str, value: Array) -> str:
        """A constant; said twice it is the same one."""
        self._constants.setdefault(name, value)
        return name

    def integers(self, *values: int) -> str:
        """A list of integers as a constant, such as a shape."""
        return self.constant(f"integers_{'_'.join(map(str, values))}", np.array(values, np.int64))

    def integer(self, value: int) -> str:
        """One integer, of no dimension."""
        return self.constant(f"integer_{value}", np.array(value, np.int64))

    def real(self, value: float) -> str:
        """One number."""
        return self.constant(f"real_{value!r}", np.array(value, np.float32))

    def weight(self, name: str) -> str:
        """A tensor of the model as it is."""
        return self.constant(name, self._weights[name])

    def linear(self, x: str, name: str, factor: float = 1.0) -> str:
        """x·Wᵀ + b."""
        return self.affine(x, name, [name], [factor])

    def affine(self, x: str, name: str, parts: Sequence[str], factors: Sequence[float]) -> str:
        """Several linear layers of one input, side by side in one multiplication."""
        scaled = list(zip(parts, factors, strict=True))
        matrix = np.concatenate([self._weights[f"{part}.weight"].T * np.float32(f) for part, f in scaled], axis=1)
        bias = np.concatenate([self._weights[f"{part}.bias"] * np.float32(f) for part, f in scaled])
        product = self.op("MatMul", x, self.constant(f"{name}.matrix", np.ascontiguousarray(matrix)))
        return self.op("Add", product, self.constant(f"{name}.bias", bias))

    def norm(self, x: str, name: str) -> str:
        """Layer normalisation."""
        return self.op(
            "LayerNormalization",
            x,
            self.weight(f"{name}.weight"),
            self.weight(f"{name}.bias"),
            axis=-1,
            epsilon=EPSILON,
        )

    def model(self) -> onnx.ModelProto:
        """The whole, checked."""
        batch = ["batch", "tokens"]
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT64, batch) for name in ("ids", "mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH])],
            [numpy_helper.from_array(value, name) for name, value in self._constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="toprope")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model


def written(weights: Tensors) -> onnx.ModelProto:
    """The model in 32-bit floats: inputs `ids` and `mask`, output `embedding` of length 1."""
    graph = Graph(weights)
    mask = graph.op("Cast", "mask", to=TensorProto.FLOAT)
    x = _embedded(graph)
    bias = _filling(graph, mask)
    for number in range(LAYERS):
        x = _layer(graph, x, bias, f"encoder.layer.{number}")
    _pooled(graph, x, mask)
    return graph.model()


def _embedded(graph: Graph) -> str:
    words = graph.op("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids")
    length = graph.op("Gather", graph.op("Shape", "ids"), graph.integer(1))
    places = graph.op("Range", graph.integer(0), length, graph.integer(1))
    positions = graph.op("Gather", graph.weight("embeddings.position_embeddings.weight"), places)
    # There is one segment only, so that its embedding is a constant.
    kind = graph.op("Gather", graph.weight("embeddings.token_type_embeddings.weight"), graph.integer(0))
    return graph.norm(graph.op("Add", graph.op("Add", words, positions), kind), "embeddings.LayerNorm")


def _filling(graph: Graph, mask: str) -> str:
    absent = graph.op("Sub", graph.real(1.0), mask)
    return graph.op("Unsqueeze", graph.op("Mul", absent, graph.real(FAR_BELOW)), graph.integers(1, 2))


def _layer(graph: Graph, x: str, bias: str, name: str) -> str:
    attended = graph.linear(_attention(graph, x, bias, f"{name}.attention.self"), f"{name}.attention.output.dense")
    x = graph.norm(graph.op("Add", attended, x), f"{name}.attention.output.LayerNorm")
    wide = _gelu(graph, graph.linear(x, f"{name}.intermediate.dense"))
    return graph.norm(graph.op("Add", graph.linear(wide, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")


def _attention(graph: Graph, x: str, bias: str, name: str) -> str:
    parts = [f"{name}.{part}" for part in ("query", "key", "value")]
    three = graph.op("Split", graph.affine(x, name, parts, (1 / sqrt(HEAD), 1.0, 1.0)), axis=-1, outputs=3)
    query, key, value = (
        graph.op("Transpose", graph.op("Reshape", part, graph.integers(0, 0, HEADS, HEAD)), perm=perm)
        for part, perm in ((three, (0, 2, 1, 3)), (f"{three}.1", (0, 2, 3, 1)), (f"{three}.2", (0, 2, 1, 3)))
    )
    scores = graph.op("Add", graph.op("MatMul", query, key), bias)
    heads = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
    return graph.op("Reshape", graph.op("Transpose", heads, perm=(0, 2, 1, 3)), graph.integers(0, 0, WIDTH))


def _gelu(graph: Graph, x: str) -> str:
    half = graph.op("Mul", x, graph.real(0.5))
    error = graph.op("Erf", graph.op("Div", x, graph.real(sqrt(2.0))))
    return graph.op("Mul", half, graph.op("Add", error, graph.real(1.0)))


def _pooled(graph: Graph, x: str, mask: str) -> None:
    weights = graph.op("Unsqueeze", mask, graph.integers(2))
    total = graph.op("ReduceSum", graph.op("Mul", x, weights), graph.integers(1), keepdims=0)
    count = graph.op("Max", graph.op("ReduceSum", weights, graph.integers(1), keepdims=0), graph.real(1e-9))
    mean = graph.op("Div", total, count)
    length = graph.op("Max", graph.op("ReduceL2", mean, axes=[-1], keepdims=1), graph.real(1e-12))
    graph.op("Div", mean, length, name="embedding")
