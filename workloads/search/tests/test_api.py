"""What people and programs ask of a search service, and what it answers; on a real Postgres."""

import pytest

from workloads.search.tests.conftest import Running

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
async def test_the_document_that_was_asked_for_comes_first(running: Running, mode: str) -> None:
    found = await running.rows(q="quantum circuits c105", mode=mode, k=3)
    assert found[0] == "d105" or mode == "vector"
    assert len(found) == 3


async def test_an_answer_says_what_it_comes_from(running: Running) -> None:
    answer = (await running.client.get("/v1/search", params={"q": "robot motion", "explain": "true"})).json()
    first = answer["items"][0]
    assert (answer["generation"], answer["mode"], len(answer["items"])) == ("g1", "hybrid", 10)
    assert first["explain"]["vectorRank"] or first["explain"]["lexicalRank"]
    assert answer["took"]["total"] >= answer["took"]["database"] > 0
    assert answer["reason"] is None
