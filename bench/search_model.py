"""The bundled model beside what it was made of: `python -m bench.search_model [-n TEXTS]`.

    equal      the graph in floats beside the published architecture: by torch where it is installed, and by numpy in
               64-bit floats, which is no framework's opinion
    eight bits cosine with the floats, and how many of the ten nearest are the same
    pace       texts a second of both, in turns

torch is in no lock of the project (two gigabytes, for one figure): `pip install torch` beside it to have that line.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bench.report import Figure, machine, percentile, tell
from bench.search_ground import PACKAGES, papers
from search.document import embedded
from search.embedding import threads
from search.embedding.embedder import Cut, Embedder
from search.model import make, weights
from workloads.search.tests import on_paper

Matrix = NDArray[np.float64]
COMPARED, ROUNDS = 12, 3


def floats(folder: Path) -> Callable[[Sequence[Cut]], Matrix]:
    """The graph before it was quantised."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads.threads()
    session = onnxruntime.InferenceSession(str(make.floats(folder)), options)

    def compute(batch: Sequence[Cut]) -> Matrix:
        longest = max(len(cut.ids) for cut in batch)
        ids = np.array([[*cut.ids, *[0] * (longest - len(cut.ids))] for cut in batch])
        mask = np.array([[1] * len(cut.ids) + [0] * (longest - len(cut.ids)) for cut in batch])
        return np.asarray(session.run(None, {"ids": ids, "mask": mask})[0])

    return compute


def by_torch(tensors: weights.Tensors, cut: Cut) -> Matrix:
    """One text by torch's own layers."""
    import torch  # noqa: PLC0415 - in no lock
    from torch.nn import functional as f  # noqa: PLC0415

    w = {name: torch.from_numpy(np.array(value)) for name, value in tensors.items()}

    def dense(x: torch.Tensor, name: str) -> torch.Tensor:
        return f.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        return f.layer_norm(x, (384,), w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)

    with torch.no_grad():
        x = w["embeddings.word_embeddings.weight"][list(cut.ids)]
        x = (
            x
            + w["embeddings.position_embeddings.weight"][: len(cut.ids)]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = norm(x, "embeddings.LayerNorm")
        for layer in (f"encoder.layer.{number}" for number in range(6)):
            heads = [
                dense(x, f"{layer}.attention.self.{part}").view(len(cut.ids), 12, 32).transpose(0, 1)
                for part in ("query", "key", "value")
            ]
            attended = f.scaled_dot_product_attention(*heads).transpose(0, 1).reshape(len(cut.ids), 384)
            x = norm(dense(attended, f"{layer}.attention.output.dense") + x, f"{layer}.attention.output.LayerNorm")
            wide = dense(f.gelu(dense(x, f"{layer}.intermediate.dense")), f"{layer}.output.dense")
            x = norm(wide + x, f"{layer}.output.LayerNorm")
        mean = x.mean(0)
        return np.asarray(mean / mean.norm())


def equal(compute: Callable[[Sequence[Cut]], Matrix], cuts: Sequence[Cut]) -> list[Figure]:
    """The largest difference of any number of any vector."""
    tensors = weights.tensors()
    ours = [compute([cut])[0] for cut in cuts]
    worst = max(
        float(np.abs(one - on_paper.embedding(tensors, cut.ids)).max()) for one, cut in zip(ours, cuts, strict=True)
    )
    found = [Figure("graph in floats beside numpy, largest difference · 10⁶", worst * 1e6, "", "<= 10", worst <= 1e-5)]
    if importlib.util.find_spec("torch"):
        worst = max(float(np.abs(one - by_torch(tensors, cut)).max()) for one, cut in ours)
        found.append(Figure("… beside torch, largest difference · 10⁶", worst * 1e6, "", "<= 10", worst <= 1e-5))
    return found


def rate(compute: Callable[[Sequence[Cut]], object], batches: Sequence[Sequence[Cut]]) -> float:
    """Texts a second."""
    start = time.perf_counter()
    for batch in batches:
        compute(batch)
    return sum(map(len, batches)) / (time.perf_counter() - start)


def eight_bits(embedder: Embedder, compute: Callable[[Sequence[Cut]], Matrix], cuts: Sequence[Cut]) -> list[Figure]:
    """What eight bits cost, and what they bring."""
    batches = list(embedder.batches(cuts))
    exact = np.concatenate([compute(batch) for batch in batches])
    ours = np.concatenate([embedder.compute(batch) for batch in batches])
    cosines = (exact * ours).sum(axis=1)
    mean, worst = float(cosines.mean()), percentile([float(one) for one in cosines], 0.01)
    same = [len(_nearest(exact, place) & _nearest(ours, place)) / 10 for place in range(len(cuts))]
    slow, quick = [], []
    for _ in range(ROUNDS):
        slow.append(rate(compute, batches))
        quick.append(rate(embedder.compute, batches))
    return [
        Figure("eight bits, cosine with floats, mean", mean, "", ">= 0.99", mean >= 0.99, f"worst of 100 {worst:.4f}"),
        Figure("the same of the ten nearest", float(np.mean(same)), "", ">= 0.88", float(np.mean(same)) >= 0.88),
        Figure("texts embedded", median(quick), "1/s", baseline=f"in floats {median(slow):.1f} 1/s"),
    ]  # fmt: skip


def _nearest(vectors: Matrix, place: int) -> set[int]:
    return set(np.argsort(-(vectors @ vectors[place]))[1:11].tolist())


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1000, metavar="TEXTS")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    embedder = Embedder(make.local(), threads.threads())
    cuts = embedder.cut([embedded(one["title"], one["abstract"]) for one in papers(asked.n)])
    with TemporaryDirectory(prefix="toprope-bench-") as folder:
        compute = floats(Path(folder))
        figures = equal(compute, cuts[:: max(1, len(cuts) // COMPARED)])
        figures += eight_bits(embedder, compute, cuts)
    tell("search_model", figures, machine(*PACKAGES, "torch"), as_json=asked.output == "json")


if __name__ == "__main__":
    main()
