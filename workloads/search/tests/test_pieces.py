"""The small pieces that need no server: bounds, fusion, cursors, snippets, lines, cleaning, progress."""

import io
import json
import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import bounds
from search.codecs import packed, unpacked
from search.document import Unfit, identifier, prose, values
from search.generation import Generation, table_of
from search.ingest import lines, quality
from search.ingest.clean import document
from search.ingest.lines import Line
from search.ingest.progress import Progress
from search.ingest.settings import FieldMapping, Hnsw
from search.query import cursors, fuse, lexical, near
from search.query.fuse import Fusion, Ranked
from search.query.lexical import Stem, Worded
from search.query.near import Near
from search.query.snippets import snippet
from search.settings import LiveFile
from toprope_kit.outcome import Refused
from toprope_kit.problem import BadRequest

IDS = st.text(min_size=1, max_size=20)
LISTS = st.lists(IDS, max_size=30, unique=True)
GENERATION = Generation("g", "s", "m", 3, 256, "Cosine", 16, 64, "None", True, ["kind"])


@pytest.mark.parametrize(
    ("hits", "trials", "expected"),
    [(500, 500, 0.05 ** (1 / 500)), (0, 500, 0.0), (0, 0, 0.0), (9, 10, 0.6058)],
)
def test_the_bound_is_that_of_clopper_and_pearson(hits: int, trials: int, expected: float) -> None:
    assert bounds.lower(hits, trials) == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize(("hits", "trials"), [(475, 500), (490, 500), (3, 7)])
def test_at_the_bound_so_many_hits_are_as_unlikely_as_said(hits: int, trials: int) -> None:
    share = bounds.lower(hits, trials)
    chance = sum(math.comb(trials, n) * share**n * (1 - share) ** (trials - n) for n in range(hits, trials + 1))
    assert chance == pytest.approx(bounds.ERROR)


@given(st.integers(1, 300), st.data())
def test_a_bound_lies_below_the_share_and_grows_with_the_hits(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials - 1))
    assert bounds.lower(hits, trials) <= hits / trials
    assert bounds.lower(hits, trials) <= bounds.lower(hits + 1, trials)


@given(LISTS, LISTS)
def test_fusion_loses_nobody_and_orders_whole(close: list[str], worded: list[str]) -> None:
    ranked = fuse.fused([Near(id_, 0.1) for id_ in close], [Worded(id_, 1.0) for id_ in worded], Fusion())
    assert {one.id for one in ranked} == {*close, *worded}
    assert [one.place for one in ranked] == sorted({one.place for one in ranked})


@given(LISTS, LISTS, st.integers(1, 7))
def test_pages_of_any_length_are_the_whole_list(close: list[str], worded: list[str], size: int) -> None:
    ranked = fuse.fused([Near(id_, 0.1) for id_ in close], [Worded(id_, 1.0) for id_ in worded], Fusion(rrf_k=1))
    pages: list[Ranked] = []
    left = ranked
    while left:
        pages += left[:size]
        after = cursors.place(cursors.cursor(b"question", pages[-1]), b"question")
        left = [one for one in ranked if one.place > after]
    assert pages == ranked


@given(st.text(max_size=80))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        cursors.place(text, b"question")


@given(st.floats(allow_nan=False), IDS.filter(lambda text: text.isprintable()))
def test_a_cursor_of_another_question_is_refused(score: float, id_: str) -> None:
    made = cursors.cursor(b"question", Ranked(id_, score))
    assert cursors.place(made, b"question") == (-score, id_)
    with pytest.raises(BadRequest):
        cursors.place(made, b"another")


@given(st.text(max_size=600), st.lists(st.text(min_size=1, max_size=8), max_size=4))
def test_marks_lie_within_their_snippet_and_in_order(text: str, stems: list[str]) -> None:
    found = snippet(text, stems)
    places = [place for mark in found.marks for place in mark]
    assert places == sorted(places)
    assert all(0 <= place <= len(found.text) for place in places)
    assert found.text in text


def test_a_snippet_is_where_most_of_the_words_are() -> None:
    text = "Nothing here. " * 60 + "Studies of quantum circuits by robots. " + "Nothing there. " * 60
    found = snippet(text, ["studi", "quantum", "circuit"])
    assert [found.text[start:end] for start, end in found.marks] == ["Studies", "quantum", "circuits"]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((10, 20, 30), "'w0' | 'w1' | 'w2'"),
        ((10, 3000, 2000), "'w0' | 'w1'"),
        ((9000, 9001, 9002), "('w0' & 'w1') | ('w0' & 'w2') | ('w1' & 'w2')"),
        ((9000,), "'w0'"),
    ],
)
def test_who_is_looked_at_for_words(counts: tuple[int, ...], expected: str) -> None:
    assert lexical.candidates([Stem(f"w{place}", count, 1.0) for place, count in enumerate(counts)]) == expected


def test_a_rare_word_tells_more_and_none_tells_less_than_nothing() -> None:
    assert lexical.rarity(1, 1000) > lexical.rarity(900, 1000) > 0
    assert lexical.rarity(5, 0) > 0
    assert lexical.quoted(Stem("o'neil\\", 1, 1.0)) == "'o''neil\\\\'"


@pytest.mark.parametrize(
    ("sentence", "found", "exact", "is_hit", "share"),
    [
        ("the same", (0.1, 0.2), (0.1, 0.2), True, 1.0),
        ("an equally near one", (0.1, 0.2000000001), (0.1, 0.2), True, 1.0),
        ("one that is farther", (0.1, 0.3), (0.1, 0.2), False, 0.5),
        ("too few", (0.1,), (0.1, 0.2), False, 0.5),
        ("there are none", (), (), True, 1.0),
    ],
)
def test_a_hit_is_told_by_distance(
    sentence: str, found: tuple[float, ...], exact: tuple[float, ...], is_hit: bool, share: float
) -> None:
    one, other = ([Near(str(place), distance) for place, distance in enumerate(each)] for each in (found, exact))
    assert (near.hit(one, other), near.overlap(one, other)) == (is_hit, share), sentence


def test_ndcg_is_what_the_books_say() -> None:
    relevant = {"a": 1.0, "b": 1.0}
    assert quality.ndcg(["a", "b", "c"], relevant) == 1.0
    best = 1 + 1 / math.log2(3)
    assert quality.ndcg(["c", "a"], relevant) == pytest.approx(1 / math.log2(3) / best)
    assert quality.ndcg([], relevant) == 0.0


@pytest.mark.parametrize("line", ["{}", "[", '{"query": 1, "relevant": {}}', '{"query": "x", "relevant": {"a": -1}}'])
def test_a_judged_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "judged.jsonl"
    path.write_text('{"query": "x", "relevant": {"a": 1}}\n' + line)
    with pytest.raises(Refused, match="line 2 is not"):
        quality.read(path)


@given(st.lists(st.binary(max_size=300).filter(lambda line: b"\n" not in line), max_size=40), st.booleans())
def test_lines_are_what_lies_between_line_feeds(content: list[bytes], ended: bool) -> None:
    file = io.BytesIO(b"\n".join(content) + (b"\n" if ended and content else b""))
    expected = [Line(number, line) for number, line in enumerate(content, 1) if line.strip()]
    assert list(lines.lines(file)) == expected


@given(st.text(max_size=200))
def test_prose_is_clean_and_cleaning_it_again_changes_nothing(text: str) -> None:
    found = prose(text, "text")
    assert "\x00" not in found
    assert found == found.strip()
    assert prose(found, "text") == found
    found.encode()


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
                    max_leaves=8)  # fmt: skip


def document_or_reason(content: bytes) -> str:
    try:
        return document(Line(1, content), FieldMapping(filters=["kind"])).text
    except Unfit as unfit:
        return str(unfit)


@given(st.dictionaries(st.sampled_from(["id", "title", "text", "kind"]), JSON))
def test_any_json_is_a_document_or_a_reason(content: dict[str, object]) -> None:
    assert document_or_reason(json.dumps(content).encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_a_document_or_a_reason(content: bytes) -> None:
    assert document_or_reason(content)


@pytest.mark.parametrize("value", [1.10, 7, True, None, "", "  ", "a\nb", "a\x00b", "x" * 513, ["a"], {"a": 1}])
def test_an_id_is_text(value: object) -> None:
    with pytest.raises(Unfit, match=r"^id: "):
        identifier(value, "id")


def test_filters_are_texts() -> None:
    assert values(["b", "a", "a", None, 3, 2.5, True], "kind") == ["2.5", "3", "a", "b", "true"]


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=50))
def test_vectors_travel_as_they_are(numbers: list[float]) -> None:
    there = packed(unpacked(struct.pack(f">HH{len(numbers)}f", len(numbers), 0, *numbers)))
    assert list(unpacked(there)) == numbers


@pytest.mark.parametrize("name", ["", "A", "a b", 'a"b', "-a", "a-", "x" * 41, "ä"])
def test_a_generation_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case letters"):
        table_of(name)


def test_hnsw_is_refused_before_pgvector_refuses_it() -> None:
    with pytest.raises(ValueError, match=r"at least 2 \* m, 32"):
        Hnsw(m=16, ef_construction=31)


def test_remaining_time_is_said_only_when_it_is_known() -> None:
    now = [0.0]
    progress = Progress(clock=lambda: now[0])
    assert progress.seconds_left() is None
    progress.enter("Embedding", 1000)
    for now[0], done in ((1.0, 10), (4.0, 40)):
        progress.at(done)
        assert progress.seconds_left() is None
    now[0] = 10.0
    progress.at(100)
    assert progress.seconds_left() == pytest.approx(90)
    now[0] = 20.0
    assert progress.seconds_left() == pytest.approx(180), "a pace that stands still is no pace"
    progress.enter("Indexing")
    assert progress.as_json()["secondsLeft"] is None


def test_live_settings_that_are_wrong_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "live.json"
    live = LiveFile(path)
    assert not live.look()
    path.write_text('{"efSearch": 40, "unknown": 1}')
    assert live.look()
    path.write_text('{"efSearch": 0}')
    assert not live.look()
    path.unlink()
    assert not live.look()
    assert live.now.ef_search == 40
