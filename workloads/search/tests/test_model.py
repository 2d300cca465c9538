"""The bundled model: the graph equals the published architecture, its quantised form stays near, its card is believed
only after a look."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from search.bound import contradictions
from search.embedding import threads
from search.embedding.card import Card, WrongModel
from search.embedding.embedder import Embedder
from search.generation import Generation
from search.model import make, weights
from search.model.weights import Tensors, WrongWeights
from workloads.search.tests import on_paper

pytestmark = pytest.mark.integration

TEXTS = (
    "Attention is all you need",
    "a",
    "",
    "Über naïve Ünïcode, שלום, and \U0001f9d7",
    "Robots learn to walk on uneven ground with fewer samples than before. " * 12,
)


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    return weights.tensors()


@pytest.fixture(scope="module")
def floats(tmp_path_factory: pytest.TempPathFactory) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(make.floats(tmp_path_factory.mktemp("floats"))), options)


@pytest.mark.parametrize("text", TEXTS)
def test_the_graph_is_the_published_architecture(
    text: str, tensors: Tensors, floats: onnxruntime.InferenceSession, minilm: Embedder
) -> None:
    (cut,) = minilm.cut([text])
    ids = np.array([[*cut.ids, 0, 0, 0]])
    mask = np.array([[1] * len(cut.ids) + [0] * 3])
    (found,) = floats.run(None, {"ids": ids, "mask": mask})
    assert np.abs(found[0] - on_paper.embedding(tensors, cut.ids)).max() < 1e-5


@pytest.mark.parametrize("text", TEXTS)
def test_eight_bits_stay_near(text: str, tensors: Tensors, minilm: Embedder) -> None:
    (cut,) = minilm.cut([text])
    (found,) = minilm.embed([text])
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
    assert found @ on_paper.embedding(tensors, cut.ids) > 0.975


def test_a_text_has_nearly_the_same_vector_in_any_batch(minilm: Embedder) -> None:
    together = minilm.embed(TEXTS)
    # Eight bits are dealt out over a whole batch, so its company moves a text a little.
    for text, vector in zip(TEXTS, together, strict=True):
        assert minilm.embed([text])[0] @ vector > 0.96


def test_what_is_alike_is_near(minilm: Embedder) -> None:
    vectors = minilm.embed(["a cat sleeps on the sofa", "a kitten naps on the couch", "interest rates rise again"])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_long_texts_are_cut_at_the_limit(minilm: Embedder) -> None:
    (cut,) = minilm.cut(["word " * 5000])
    assert len(cut.ids) == minilm.card.token_limit == 256


def test_the_same_model_comes_out_each_time(model: Path, tmp_path: Path) -> None:
    assert make.make(tmp_path / "again").digest == Card.read(model).digest
    assert {"LICENSE", "NOTICE"} <= {path.name for path in (tmp_path / "again").iterdir()}


def test_weights_that_are_others_are_not_taken() -> None:
    with pytest.raises(WrongWeights, match="was expected"):
        weights.proved("config.json", "0" * 64)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_file_is_no_model(model: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(model, tmp_path / "model")
    with (tmp_path / "model" / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(WrongModel, match=f"{name} is not the one of its card"):
        Embedder(tmp_path / "model", 1)


def test_a_card_that_was_written_anew_is_no_card(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "model")
    card = json.loads((tmp_path / "model/card.json").read_text()) | {"token_limit": 512}
    (tmp_path / "model/card.json").write_text(json.dumps(card))
    with pytest.raises(WrongModel, match="does not belong to the files"):
        Embedder(tmp_path / "model", 1)


@pytest.mark.parametrize(
    ("sentence", "files", "expected"),
    [
        ("no limit", {}, None),
        ("two processors", {"cpu.max": "200000 100000"}, 2),
        ("half a one", {"cpu.max": "50000 100000"}, 1),
        ("unlimited", {"cpu.max": "max 100000"}, None),
        ("the first version", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ("the first version, unlimited", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
    ],
)
def test_threads_follow_the_containers_limit(
    sentence: str, files: dict[str, str], expected: int | None, tmp_path: Path
) -> None:
    (tmp_path / "cpu").mkdir()
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    everything = threads.threads(root=tmp_path / "absent")
    assert threads.threads(root=tmp_path) == (everything if expected is None else min(everything, expected)), sentence
    assert threads.threads(workers=64, root=tmp_path) == 1


def test_another_model_token_limit_or_metric_contradicts() -> None:
    row = Generation("g", "s", "abc", 384, 256, "Cosine", 16, 64, "None", True, [])
    assert contradictions(row, Card("m", "abc", 384, 256, {}), "Cosine") == []
    found = contradictions(row, Card("m", "abd", 384, 128, {}), "Euclidean")
    assert found == ["model abd, and not abc", "token limit 128, and not 256", "metric Euclidean, and not Cosine"]
