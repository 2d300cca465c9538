"""Writes are never lost: not during a build, not after a switch, not while a pod is away. And recall is counted."""

import asyncio
import json

import pytest

from search.bound import ROW
from search.codecs import teach
from search.follow import Follower
from search.generation import Generation
from search.ingest.run import Ingest
from search.oracle import Sample
from search.query.near import Near
from search.service import HITS, LAG, MISSES, SERVICE, UNASKED
from toprope_kit import sli
from toprope_kit.database import connect
from workloads.search.tests.conftest import Running, running_in
from workloads.search.tests.toy import Toy
from workloads.search.tests.worlds import World, a_document, written
from workloads.shortener.tests.servers import eventually

pytestmark = pytest.mark.integration


async def put(running: Running, id_: str, text: str) -> None:
    answer = await running.client.put(f"/v1/documents/{id_}", json={"text": text})
    assert answer.status_code == 200, answer.text


async def followed(running: Running) -> None:
    """Until the generation has followed all that was written so far."""
    for _ in range(1000):
        index = (await running.client.get("/v1/index")).json()
        if index["position"] == index["sequence"]:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("not followed")


async def test_every_living_generation_gets_what_is_written_to_one(filled: World) -> None:
    source = written(filled.folder / "documents.jsonl", map(a_document, range(600)))
    candidate = Ingest(filled.settings(source, "g2"), filled.database_settings(), filled.embedder)
    await candidate.run()
    async with running_in(filled, "g1") as stable, running_in(filled, "g2") as other:
        await put(stable, "new1", "Written to the stable one.")
        await put(other, "new2", "Written to the candidate.")
        await (await stable.client.delete("/v1/documents/d0")).aread()
        await followed(stable)
        await followed(other)
    for name in ("g1", "g2"):
        few = filled.sql(f"SELECT string_agg(id, ' ') FROM search.vectors_{name} WHERE id IN ('new1', 'new2', 'd0')")
        assert sorted(few.split()) == ["new1", "new2"]


async def test_what_is_written_during_a_build_is_in_the_generation(filled: World) -> None:
    source = written(filled.folder / "documents.jsonl", map(a_document, range(600)))
    filled.embedder = Toy(digest="another")
    filling = Ingest(filled.settings(source, "g2"), filled.database_settings(), filled.embedder)
    async with running_in(filled) as running:
        building = asyncio.create_task(filling.run())
        for number in range(40):
            await put(running, f"during{number}", f"Written while it is built, number {number}.")
        await building
        found = filled.sql("SELECT count(*) FROM search.documents WHERE id LIKE 'during%'")
    row = filled.generation("g2")
    assert (found, row["state"]) == ("40", "Ready")
    # Its own pods follow what came after the last look of the build.
    connection = await connect(filled.database_settings())
    await teach(connection)
    follower = Follower(connection, Generation.of(await connection.fetchrow(ROW, "g2")), filled.embedder)
    await follower.follow()
    assert await follower.lag() == 0
    await connection.close()
    assert filled.sql("SELECT count(*) FROM search.vectors_g2 WHERE id LIKE 'during%'") == "40"


async def test_a_generation_that_comes_back_follows_before_it_is_ready(filled: World) -> None:
    async with running_in(filled) as running:
        await put(running, "first", "One.")
        await followed(running)
    filled.sql("UPDATE search.generations SET position = 0")
    async with running_in(filled) as running:
        assert (running.parts.following.lag, running.parts.worker.numbers.cell(LAG).value) == (0, 0)
        await running.parts.followed()
        assert running.parts.embedder.computed == 0


async def test_concurrent_writers_leave_no_gap_in_the_sequence(filled: World) -> None:
    async with running_in(filled) as running:
        await asyncio.gather(*(put(running, f"same{number % 7}", f"Text {number}.") for number in range(60)))
        await followed(running)
    assert filled.sql("SELECT sequence FROM search.sources") == "660"
    lost = """SELECT count(*) FROM search.documents AS d LEFT JOIN search.vectors_g1 AS v USING (id)
              WHERE NOT d.deleted AND v.text_digest IS DISTINCT FROM d.text_digest"""
    assert filled.sql(lost) == "0"


async def test_live_queries_are_compared_with_the_exact_answer(filled: World) -> None:
    live = filled.folder / "live.json"
    live.write_text(json.dumps({"recallShare": 1.0}))
    async with running_in(filled, live_file=live) as running:
        await running.rows(q="quantum circuits")
        await running.client.get("/v1/search", params={"q": "robot"}, headers={"toprope-route": "preview"})
        await running.rows(q="robot", mode="lexical")
        await running.parts.oracle.idle()
        page = sli.page(SERVICE, [running.parts.worker.numbers], 0.0)
    assert page["trials"] == {"recall": {"total": 1, "bad": 0}}


async def test_an_index_that_misses_is_seen_to_miss(filled: World) -> None:
    filled.sql("DROP INDEX search.vectors_g1_hnsw")
    coarse = "hnsw (embedding vector_cosine_ops) WITH (m = 2, ef_construction = 4)"
    filled.sql(f"CREATE INDEX ON search.vectors_g1 USING {coarse}")
    live = filled.folder / "live.json"
    live.write_text(json.dumps({"recallShare": 1.0, "efSearch": 1}))
    async with running_in(filled, live_file=live) as running:
        for number in range(20):
            await running.rows(q=f"case c{number} with method m{number}", mode="vector", depth=10)
        await running.parts.oracle.idle()
        cells = running.parts.worker.numbers
        hits, misses = cells.cell(HITS).value, cells.cell(MISSES).value
    assert hits + misses == 20
    assert misses > 0


async def test_a_document_that_came_in_between_is_no_miss(filled: World) -> None:
    live = filled.folder / "live.json"
    live.write_text(json.dumps({"recallShare": 1.0}))
    async with running_in(filled, live_file=live) as running:
        vector = running.parts.embedder.embed(["quantum circuits"])[0]
        running.parts.oracle.offer(Sample(vector, {}, tuple(Near(f"d{number}", 1.9) for number in range(10))))
        await running.parts.oracle.idle()
        cells = running.parts.worker.numbers
        assert (cells.cell(HITS).value, cells.cell(MISSES).value) == (1, 0)


async def test_efsearch_is_live(filled: World) -> None:
    live = filled.folder / "live.json"
    async with running_in(filled, live_file=live) as running:
        live.write_text(json.dumps({"efSearch": 37}))

        async def now() -> str:
            async with running.parts.database.acquire() as connection:
                return str(await connection.fetchval("SHOW hnsw.ef_search"))

        assert await now() == "100"
        await eventually(lambda: running.parts.live.now.ef_search == 37, "the file is read")
        for _ in range(20):
            found = await now()
        assert found == "37"
        live.write_text("{")
        await asyncio.sleep(1.2)
        assert running.parts.live.now.ef_search == 37


async def test_when_too_many_wait_to_be_compared_they_are_dropped_and_counted(filled: World) -> None:
    live = filled.folder / "live.json"
    live.write_text(json.dumps({"recallShare": 1.0}))
    async with running_in(filled, live_file=live) as running:
        vector = running.parts.embedder.embed(["x"])[0]
        for _ in range(100):
            running.parts.oracle.offer(Sample(vector, {}, ()))
        assert running.parts.worker.numbers.cell(UNASKED).value >= 100 - 32 - 1
