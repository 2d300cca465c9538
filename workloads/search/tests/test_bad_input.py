"""What people and programs should not send, and the sentence that each gets. Nothing is an error of ours."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workloads.search.tests.conftest import Running

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("sentence", "params", "named"),
    [
        ("no question", {}, "q"),
        ("an empty question", {"q": ""}, "q"),
        ("nothing but blanks", {"q": " \t\n"}, "q"),
        ("nothing but control characters", {"q": "\x00\x07"}, "q"),
        ("50 kB", {"q": "long " * 10_000}, "q"),
        ("no row", {"q": "x", "k": 0}, "k"),
        ("10,000 rows", {"q": "x", "k": 10_000}, "k"),
        ("a row and a half", {"q": "x", "k": "1.5"}, "k"),
        ("an unknown mode", {"q": "x", "mode": "magic"}, "mode"),
        ("an unknown field", {"q": "x", "filter": "colour:red"}, "filter"),
        ("a filter without a value", {"q": "x", "filter": "kind:"}, "filter"),
        ("a filter without a colon", {"q": "x", "filter": "kind"}, "filter"),
        ("a filter that closes the statement", {"q": "x", "filter": "kind') OR true; --:x"}, "filter"),
        ("more depth than there is", {"q": "x", "depth": 100_000}, "depth"),
        ("a weight that is no number", {"q": "x", "vectorWeight": "nan"}, "vectorWeight"),
        ("a fusion without end", {"q": "x", "rrfK": "inf"}, "rrfK"),
    ],
)
async def test_a_question_that_cannot_be_asked(
    running: Running, sentence: str, params: dict[str, Any], named: str
) -> None:
    answer = await running.client.get("/v1/search", params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), sentence
    assert named in {error["field"].split(".")[-1] for error in answer.json()["errors"]}, answer.text


@pytest.mark.parametrize(
    "question",
    ["שלום עולם", "\U0001f9d7\u200d\u2640\ufe0f", "a\x00b", "'; DROP TABLE search.documents; --", "100%", "\\", "' | '",
     "!!! & | <->", "-", '"', "neural\u202enetworks", "the and of", "a" * 3000],
)  # fmt: skip
async def test_odd_questions_are_answered(running: Running, question: str) -> None:
    for mode in ("hybrid", "vector", "lexical"):
        answer = await running.client.get("/v1/search", params={"q": question, "mode": mode})
        assert answer.status_code == 200, (mode, answer.text)
    assert len(await running.rows(q=question, mode="vector")) == 10


@pytest.mark.parametrize("value", ["x' OR true --", '{"a": 1}', "\\", "}", "'); DELETE FROM search.documents; --", "*"])
async def test_a_filter_is_a_value_and_nothing_else(running: Running, value: str) -> None:
    for mode in ("hybrid", "vector", "lexical"):
        assert await running.rows(q="robot", mode=mode, filter=f"kind:{value}") == []
    assert len(await running.rows(q="robot", mode="vector")) == 10


@pytest.mark.parametrize(
    ("sentence", "vector"),
    [
        ("of another size", [1.0] * 31),
        ("of none", []),
        ("of nothing", [0.0] * 32),
        ("too large for what is stored", [1e300] * 32),
        ("not of numbers", ["a"] * 32),
    ],
)
async def test_a_vector_that_points_nowhere(running: Running, sentence: str, vector: list[Any]) -> None:
    answer = await running.client.post("/v1/search", json={"vector": vector})
    assert answer.status_code == 422, sentence
    assert "vector" in answer.json()["detail"]


async def test_a_question_of_100_kb(running: Running) -> None:
    answer = await running.client.post("/v1/search", json={"q": "long " * 20_000})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "q")


async def test_a_vector_with_nan(running: Running) -> None:
    body = orjson.dumps({"vector": [1.0] * 31}).replace(b"]", b",NaN]")
    answer = await running.client.post("/v1/search", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("sentence", "body", "named"),
    [
        ("no text", {}, "text"),
        ("another field", {"text": "x", "colour": "red"}, "colour"),
        ("an unknown filter", {"text": "x", "filters": {"colour": "red"}}, "filters"),
        ("a filter that is an object", {"text": "x", "filters": {"kind": {"a": 1}}}, "kind"),
        ("a title as long as a text", {"title": "x" * 20_000}, "title"),
        ("a text without end", {"text": "x" * 600_000}, "text"),
    ],
)
async def test_a_document_that_is_none(running: Running, sentence: str, body: dict[str, Any], named: str) -> None:
    answer = await running.client.put("/v1/documents/new", json=body)
    assert answer.status_code == 422, sentence
    assert named in answer.text
    assert (await running.client.get("/v1/documents/new")).status_code == 404


async def test_no_text_breaks_a_search(running: Running) -> None:
    loop_bound: list[str] = []

    @given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=40))
    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def collected(question: str, value: str) -> None:
        loop_bound.extend((question, value))

    collected()
    for question, value in zip(loop_bound[::2], loop_bound[1::2], strict=True):
        for extra in ({}, {"filter": f"kind:{value}"}):
            answer = await running.client.get("/v1/search", params={"q": question} | extra)
            assert answer.status_code in (200, 422), (question, value, answer.text)
