"""What people and programs ask of a search service, and what it answers; on a real Postgres."""

from typing import Any

import pytest

from search.models import Results
from search.service import FOLLOWED
from workloads.search.tests.conftest import Running, running_in
from workloads.search.tests.worlds import TOPICS, World
from workloads.shortener.tests.servers import eventually

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
async def test_the_document_that_was_asked_for_comes_first(running: Running, mode: str) -> None:
    found = await running.rows(q="image segmentation 106 c106", mode=mode, k=3)
    assert len(found) == 3
    assert found[0] == "d106"


async def test_an_answer_says_what_it_comes_from(running: Running) -> None:
    answer = (await running.client.get("/v1/search", params={"q": "robot motion", "explain": "true"})).json()
    first = answer["items"][0]
    assert (answer["generation"], answer["mode"], len(answer["items"])) == ("g1", "hybrid", 10)
    assert first["explain"]["vectorRank"] or first["explain"]["lexicalRank"]
    assert answer["took"]["total"] >= answer["took"]["database"] > 0
    assert answer["reason"] is None


async def test_fusion_is_what_its_parameters_say(running: Running) -> None:
    words = {"q": "quantum circuits", "explain": "true", "rrfK": 10, "vectorWeight": 2, "lexicalWeight": 0.5, "k": 100}
    for item in (await running.client.get("/v1/search", params=words)).json()["items"]:
        places = item["explain"]
        by_vector = 2 / (10 + places["vectorRank"]) if places["vectorRank"] else 0
        by_words = 0.5 / (10 + places["lexicalRank"]) if places["lexicalRank"] else 0
        assert item["score"] == pytest.approx(by_vector + by_words)


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
async def test_a_filter_never_loses_rows(running: Running, mode: str) -> None:
    # One in six passes; none of them is about what is asked.
    answer = await running.client.get(
        "/v1/search", params={"q": "we measure", "mode": mode, "filter": f"kind:{TOPICS[3]}"}
    )
    items = answer.json()["items"]
    assert len(items) == 10
    assert {item["filters"]["kind"][0] for item in items} == {TOPICS[3]}


async def test_the_same_field_twice_means_either(running: Running) -> None:
    params = {"q": "case", "filter": [f"kind:{TOPICS[0]}", f"kind:{TOPICS[1]}"], "k": 100, "mode": "vector"}
    items = (await running.client.get("/v1/search", params=params)).json()["items"]
    assert {item["filters"]["kind"][0] for item in items} == set(TOPICS[:2])


async def test_fewer_rows_say_why(running: Running) -> None:
    answer = (await running.client.get("/v1/search", params={"q": "c105", "mode": "lexical"})).json()
    assert [item["id"] for item in answer["items"]] == ["d105"]
    assert answer["reason"] == "No more documents hold these words."
    none = (await running.client.get("/v1/search", params={"q": "case", "filter": "kind:cooking"})).json()
    assert (none["items"], none["reason"]) == ([], "No more documents pass the filter.")


async def pages(running: Running, **params: Any) -> list[str]:
    found, cursor = [], None
    while True:
        given = params | ({"cursor": cursor} if cursor else {})
        answer = (await running.client.get("/v1/search", params=given)).json()
        found += [item["id"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
async def test_pages_are_one_list_in_pieces(running: Running, mode: str) -> None:
    whole = await running.rows(q="graph databases", mode=mode, k=100, depth=100)
    pieces = await pages(running, q="graph databases", mode=mode, k=7, depth=100)
    assert pieces[:100] == whole
    assert len(pieces) == len(set(pieces))


async def test_equal_scores_are_paged_without_loss_or_repetition(filled: World) -> None:
    filled.sql("UPDATE search.vectors_g1 SET embedding = (SELECT embedding FROM search.vectors_g1 WHERE id = 'd0')")
    async with running_in(filled) as running:
        pieces = await pages(running, q="anything", mode="vector", k=9, depth=900)
    assert sorted(pieces) == sorted(f"d{number}" for number in range(600))
    assert pieces == sorted(pieces)


async def test_a_cursor_belongs_to_its_question(running: Running) -> None:
    first = (await running.client.get("/v1/search", params={"q": "robot motion"})).json()
    other = await running.client.get("/v1/search", params={"q": "cryptography", "cursor": first["next"]})
    assert (other.status_code, other.json()["type"]) == (400, "urn:toprope:problem:bad-request")
    for nonsense in ("x", "AAAA", "é", first["next"][:-3]):
        broken = await running.client.get("/v1/search", params={"q": "robot motion", "cursor": nonsense})
        assert broken.status_code == 400, nonsense


async def test_snippets_mark_the_words(running: Running) -> None:
    params = {"q": "measuring quantum circuit", "mode": "lexical", "filter": f"kind:{TOPICS[3]}", "k": 1}
    (item,) = (await running.client.get("/v1/search", params=params)).json()["items"]
    snippet = item["snippet"]
    assert {"quantum", "circuits"} <= {snippet["text"][start:end].lower() for start, end in snippet["marks"]}


async def test_quotation_marks_and_a_minus_are_taken_at_their_word(running: Running) -> None:
    assert await running.rows(q='"method m" c105', mode="lexical") == []
    with_it = await running.rows(q="quantum survey", mode="lexical", k=100)
    without = await running.rows(q="quantum -survey", mode="lexical", k=100)
    assert set(without) & set(with_it)
    texts = [(await running.client.get(f"/v1/documents/{id_}")).json()["text"] for id_ in without[:20]]
    assert not any("survey" in text for text in texts)


async def test_a_vector_of_ones_own(running: Running) -> None:
    vector = [float(value) for value in running.parts.embedder.embed(["robot motion 2"])[0]]
    answer = await running.client.post("/v1/search", json={"vector": vector, "k": 1})
    assert answer.json()["mode"] == "vector"
    assert await running.rows(q="robot motion 2", mode="vector", k=1) == [answer.json()["items"][0]["id"]]


async def test_documents_alike_are_without_the_document(running: Running) -> None:
    answer = (await running.client.get("/v1/documents/d9/similar", params={"k": 5})).json()
    ids = [item["id"] for item in answer["items"]]
    assert len(ids) == 5
    assert "d9" not in ids
    assert (await running.client.get("/v1/documents/absent/similar")).status_code == 404


async def test_a_written_document_is_found_and_a_deleted_one_is_not(running: Running) -> None:
    body = {"title": "Zebrafish larvae", "text": "They turn towards light.", "filters": {"kind": "fish"}}
    put = await running.client.put("/v1/documents/fish%2F1", json=body)
    assert put.status_code == 200
    assert await running.rows(q="zebrafish", mode="lexical") == ["fish/1"]
    following = running.parts.following
    await eventually(lambda: following.lag == 0 and following._numbers.cell(FOLLOWED).value > 0, "followed")
    assert (await running.rows(q="zebrafish larvae they turn towards light", mode="vector"))[0] == "fish/1"
    assert (await running.client.get("/v1/documents/fish/1")).json()["filters"] == {"kind": ["fish"]}
    assert (await running.client.delete("/v1/documents/fish/1")).status_code == 204
    assert await running.rows(q="zebrafish", mode="lexical") == []
    assert "fish/1" not in await running.rows(q="zebrafish larvae", mode="vector")
    assert (await running.client.delete("/v1/documents/fish/1")).status_code == 404


@pytest.mark.parametrize("key", ["", "Bearer nonsense", "Bearer tr_search_" + "x" * 43])
async def test_nobody_writes_without_the_key(running: Running, key: str) -> None:
    for method in ("PUT", "DELETE"):
        answer = await running.client.request(
            method, "/v1/documents/d1", json={"text": "mine"}, headers={"Authorization": key}
        )
        assert answer.status_code == 401
    assert (await running.client.get("/v1/documents/d1")).json()["text"] != "mine"


async def test_a_service_without_a_key_takes_no_documents(filled: World) -> None:
    async with running_in(filled, api_key_file=None) as running:
        answer = await running.client.put("/v1/documents/d1", json={"text": "mine"})
    assert answer.status_code == 403


async def test_the_index_says_what_serves(running: Running) -> None:
    index = (await running.client.get("/v1/index")).json()
    assert (index["generation"], index["state"], index["documents"]) == ("g1", "Ready", 600)
    assert index["position"] == index["sequence"] == 600
    assert index["recall"]["lowerBound"] > 0.9
    assert index["filters"] == ["kind"]


async def test_an_index_without_words_says_so(filled: World) -> None:
    filled.sql("UPDATE search.generations SET hybrid = false")
    async with running_in(filled) as running:
        assert (await running.client.get("/v1/search", params={"q": "robot"})).json()["mode"] == "vector"
        refused = await running.client.get("/v1/search", params={"q": "robot", "mode": "hybrid"})
    assert refused.status_code == 422
    assert "hybrid: false" in refused.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/v1/search?q=robot&explain=true", "/v1/search?q=robot&k=1", "/v1/documents/d1/similar"]
)
async def test_an_answer_is_what_its_description_says(running: Running, path: str) -> None:
    answer = (await running.client.get(path)).json()
    assert Results.model_validate(answer).model_dump(by_alias=True, mode="json") == answer
