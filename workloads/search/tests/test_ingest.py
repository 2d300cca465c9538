"""A generation from its source to Ready: what is loaded, rejected, taken over, and what a killed run leaves."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from search.embedding.embedder import Vectors
from search.follow import LOCK
from search.ingest.run import Ingest
from toprope_kit.database import connect
from toprope_kit.outcome import Failure, Refused
from workloads.search.tests.toy import Toy
from workloads.search.tests.worlds import World, a_document, written
from workloads.shortener.tests import servers

pytestmark = pytest.mark.integration


@pytest.fixture
def source(world: World) -> Path:
    return written(world.folder / "documents.jsonl", map(a_document, range(120)))


def test_a_generation_is_ready_when_it_is_proved(world: World, source: Path) -> None:
    world.ingest(source)
    row = world.generation()
    assert (row["state"], row["embedded"], row["position"]) == ("Ready", 120, 120)
    assert row["recall_trials"] == 500
    assert row["recall_lower"] > 0.99
    assert row["progress"]["stage"] == "Ready"


def test_compressed_lines_are_the_same_lines(world: World, source: Path) -> None:
    packed = world.folder / "documents"
    packed.write_bytes(zstandard.compress(source.read_bytes()))
    world.ingest(packed)
    assert world.generation()["embedded"] == 120


@pytest.mark.parametrize("index", [{"quantization": "Half"}, {"quantization": "Binary"}, {"metric": "InnerProduct"},
                                   {"metric": "Euclidean", "hybrid": False}])  # fmt: skip
def test_vectors_of_the_same_model_are_taken_over(world: World, source: Path, index: dict[str, Any]) -> None:
    world.ingest(source)
    before = Toy()
    world.embedder = before
    world.ingest(source, "g2", ingest_index=index)
    row = world.generation("g2")
    assert (row["embedded"], row["unchanged"], row["state"]) == (0, 120, "Ready")
    assert before.computed == row["recall_trials"]
    assert world.sql("SELECT count(*) FROM search.vectors_g1 JOIN search.vectors_g2 USING (id, embedding)") == "120"


def test_vectors_of_another_model_are_not(world: World, source: Path) -> None:
    world.ingest(source)
    world.embedder = Toy(digest="another", dimension=16)
    world.ingest(source, "g2")
    assert (world.generation("g2")["embedded"], world.generation("g2")["unchanged"]) == (120, 0)


def test_a_refresh_embeds_what_changed_and_nothing_else(world: World, source: Path) -> None:
    world.ingest(source)
    changed = [a_document(n) for n in range(10, 120)] + [a_document(3, title="other"), a_document(4, kind="other")]
    world.embedder = toy = Toy()
    world.refresh(written(source, changed))
    assert toy.computed == 1
    few = world.sql("SELECT string_agg(id, ' ' ORDER BY id) FROM search.vectors_g1 WHERE length(id) = 2")
    assert few == "d3 d4"
    assert world.sql("SELECT filters FROM search.vectors_g1 WHERE id = 'd4'") == '{"kind": ["other"]}'
    assert world.generation()["position"] == 120 + 8 + 2


def test_loading_the_same_again_changes_nothing(world: World, source: Path) -> None:
    world.ingest(source)
    before = world.sql("SELECT sequence FROM search.sources")
    world.refresh(source)
    assert world.sql("SELECT sequence FROM search.sources") == before


def test_what_the_api_wrote_stays_until_the_sources_own_line_changes(world: World, source: Path) -> None:
    world.ingest(source)
    world.sql("UPDATE search.documents SET title = 'by hand', written_by_api = true WHERE id IN ('d1', 'd2')")
    world.refresh(written(source, [a_document(n) for n in range(120) if n != 1] + ["", ""]))
    assert world.sql("SELECT title FROM search.documents WHERE id IN ('d1', 'd2')") == "by hand\nby hand"
    world.refresh(written(source, [a_document(n, kind="new") for n in range(2, 120)]))
    assert world.sql("SELECT title FROM search.documents WHERE id = 'd2'") == a_document(2)["title"]


BAD = [
    ("not JSON", "{nope", "no JSON"),
    ("a list", "[1]", "no JSON object"),
    ("no id", json.dumps({"text": "x"}), "id: there is no id"),
    ("a numeric id", json.dumps({"id": 1910.10, "text": "x"}), "id: the id is a number"),
    ("an id with a line feed", json.dumps({"id": "a\nb", "text": "x"}), "control characters"),
    ("no text", json.dumps({"id": "empty", "title": " ", "text": None}), "it has no text"),
    ("a text that is a number", json.dumps({"id": "n", "text": 7}), "text: not text"),
    ("a filter that is an object", json.dumps({"id": "f", "text": "x", "kind": {"a": 1}}), "kind: not text"),
    ("an id that was there", json.dumps(a_document(5)), "the id stands on line 6 already"),
    ("half a surrogate pair", '{"id": "s", "text": "\\ud800"}', "no JSON"),
    ("NaN", '{"id": "nan", "text": "x", "kind": NaN}', "no JSON"),
]


@pytest.mark.parametrize(("sentence", "line", "reason"), BAD)
def test_a_bad_line_is_kept_aside_with_its_reason(
    world: World, source: Path, sentence: str, line: str, reason: str
) -> None:
    world.ingest(written(source, [*map(a_document, range(120)), line]), rejected_share=0.05)
    ((number, said),) = world.rows("SELECT line, reason FROM search.rejected_lines")
    assert (number, reason in said) == ("121", True), said
    assert (world.generation()["rejected"], world.generation()["embedded"]) == (1, 120)


def test_too_many_bad_lines_fail_the_generation_and_change_nothing(world: World, source: Path) -> None:
    world.ingest(source)
    broken = [a_document(n, title="changed") for n in range(60)] + ["{"] * 60
    with pytest.raises(Refused, match=r"60 of 120 lines were rejected; 1\.00% may be: 60 with `no JSON"):
        world.ingest(written(source, broken), "g2")
    assert world.sql("SELECT count(*) FROM search.documents WHERE title = 'changed' OR deleted") == "0"
    assert (world.generation("g2")["state"], world.generation("g1")["state"]) == ("Failed", "Ready")
    assert "60 of 120" in world.generation("g2")["reason"]


def test_ids_that_differ_only_in_case_are_two_documents(world: World, source: Path) -> None:
    world.ingest(written(source, [*map(a_document, range(20)), a_document(5, id="D5", text="Another."), "", ""]))
    assert world.sql("SELECT count(*) FROM search.vectors_g1 WHERE lower(id) = 'd5'") == "2"


def test_a_line_of_50_mb_is_rejected_by_its_number(world: World, source: Path) -> None:
    with source.open("a") as file:
        file.write('{"id": "huge", "text": "')
        for _ in range(50):
            file.write("a" * 2**20)
        file.write('"}\n' + json.dumps(a_document(500)) + "\n")
    world.ingest(source, rejected_share=0.05)
    ((number, reason),) = world.rows("SELECT line, reason FROM search.rejected_lines")
    assert (number, reason) == ("121", "the line is longer than 1048576 bytes")
    assert world.sql("SELECT count(*) FROM search.vectors_g1 WHERE id = 'd500'") == "1"


@pytest.mark.parametrize(
    ("sentence", "content", "said"),
    [
        ("empty", b"", "holds no line"),
        ("damaged", zstandard.compress(b"x" * 10_000)[:-5] + b"12345", "no whole zstd stream"),
        ("a bomb", zstandard.compress(bytes(300 * 2**20)), "more than 1000 times its size"),
        ("nothing but garbage", b"\xff\xfe\n" * 50, "50 of 50 lines"),
    ],
)
def test_a_source_that_is_none(world: World, sentence: str, content: bytes, said: str) -> None:
    path = world.folder / "source"
    path.write_bytes(content)
    with pytest.raises(Refused, match=said):
        world.ingest(path)
    assert world.generation()["state"] == "Failed"
    assert world.sql("SELECT count(*) FROM search.documents") == "0"


def test_a_source_that_is_missing_may_come(world: World) -> None:
    with pytest.raises(Failure, match="cannot be read: No such file") as failed:
        world.ingest(world.folder / "absent")
    assert failed.value.exit_code == 1
    assert world.generation()["state"] == "Building"


def test_an_index_that_does_not_find_fails(world: World, source: Path) -> None:
    written(source, map(a_document, range(600)))
    with pytest.raises(Refused, match=r"recall: .* of 500 questions .* the objective is 0\.9900"):
        world.ingest(source, ingest_index={"hnsw": {"m": 2, "efConstruction": 4}}, recall_objective=0.99, ef_search=10)
    assert world.generation()["state"] == "Failed"


def test_a_generation_that_is_ready_is_left_as_it_is(world: World, source: Path) -> None:
    world.ingest(source)
    world.embedder = toy = Toy()
    again = world.ingest(written(source, ["{", "{"]))
    assert (toy.computed, again.progress.stage, world.generation()["state"]) == (0, "Ready", "Ready")


def test_one_that_failed_may_be_tried_again(world: World, source: Path) -> None:
    with pytest.raises(Refused):
        world.ingest(written(world.folder / "bad.jsonl", ["{", "{"]))
    world.ingest(source)
    assert (world.generation()["state"], world.generation()["reason"]) == ("Ready", "")


def test_long_documents_are_read_a_few_at_a_time(world: World, source: Path) -> None:
    long = [a_document(n, text=f"word{n} " * 60_000) for n in range(40)]
    world.ingest(written(source, long))
    assert world.generation()["embedded"] == 40


def test_a_generation_never_changes(world: World, source: Path) -> None:
    world.ingest(source)
    with pytest.raises(Refused, match="begun with another quantization and hybrid"):
        world.ingest(source, ingest_index={"quantization": "Half", "hybrid": False})
    assert world.generation()["quantization"] == "None"


class Killed(Exception):
    """In the middle of its work."""


class Mortal(Toy):
    """Dies after so many batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self._left = batches

    def compute(self, batch: Any) -> Vectors:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return super().compute(batch)


def test_a_killed_run_goes_on_without_embedding_anything_twice(world: World, source: Path) -> None:
    texts = sum((mortal.texts for mortal in lives(world, source)), Toy().texts)
    assert world.generation()["embedded"] == world.generation()["position"] == 120
    whole = [f"{one['title']}\n{one['text']}" for one in map(a_document, range(120))]
    documents = {tuple(cut.ids) for cut in Toy().cut(whole)}
    assert {texts[text] for text in documents} == {1}


def lives(world: World, source: Path) -> list[Toy]:
    had: list[Toy] = []
    for batches in (1, 2, 1):
        world.embedder = Mortal(batches)
        had.append(world.embedder)
        with pytest.raises(Killed):
            world.ingest(source)
    world.embedder = Toy()
    world.ingest(source)
    return [*had, world.embedder]


async def test_only_one_works_on_a_generation(world: World, source: Path) -> None:
    other = await connect(world.database_settings())
    await other.execute(LOCK, "g1")
    filling = Ingest(world.settings(source), world.database_settings(), world.embedder)
    with pytest.raises(Failure, match="being filled by somebody else"):
        await filling.run()
    await other.close()
    await filling.run()
    assert world.generation()["state"] == "Ready"


def test_a_dropped_generation_leaves_nothing_and_documents_only_for_others(world: World, source: Path) -> None:
    world.ingest(source)
    world.ingest(source, "g2")
    environ = servers.as_owner(world.environ())
    for name, left in (("g1", "120"), ("g2", "0")):
        done = servers.program("search", environ, "drop", name)
        assert (done.returncode, done.stdout) == (0, f"generation {name} is gone\n")
        assert world.sql("SELECT count(*) FROM search.documents") == left
    assert world.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'vectors%'") == "0"


async def test_a_generation_that_is_followed_is_not_dropped(filled: World) -> None:
    other = await connect(filled.database_settings())
    await other.execute(LOCK, "g1")
    done = await asyncio.to_thread(servers.program, "search", servers.as_owner(filled.environ()), "drop", "g1")
    assert (done.returncode, "is followed by a pod or a Job" in done.stderr) == (1, True)
    await other.close()
