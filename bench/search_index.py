"""A generation of 50,000 papers, and what it answers: `python -m bench.search_index [-n DOCUMENTS]`.

ingest      documents a second beside the bare embedder loop on the same batches, in turns; the whole with its parts
recall      mean overlap at 10 with the exact answer, without a filter and with one that keeps 5 %
latency     what one search takes above its embedding and its bare SQL, one client, each question asked once
throughput  searches a second of one worker on one core with cached embeddings, beside the same SQL by pgbench
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench import search_load
from bench.report import Figure, machine, percentile, tell
from bench.search_ground import PACKAGES, SHELVES, Timed, filled, ground, papers, texts
from search.codecs import teach
from search.embedding.embedder import Embedder
from search.generation import Generation
from search.ingest.verify import Question, measure, questions
from search.query import near
from toprope_kit.database import connect
from workloads.kit.tests.programs import NO_TLS
from workloads.search.tests.pods import Pod, a_pod
from workloads.search.tests.worlds import World, written

ROUNDS, SAMPLE = 3, 2048
ASKED = 500


def bare_loop(embedder: Embedder, some: Sequence[str]) -> float:
    """Documents a second of the embedder alone, on the batches that ingest makes of them."""
    start = time.perf_counter()
    for first in range(0, len(some), 1024):
        for batch in embedder.batches(embedder.cut(some[first : first + 1024])):
            embedder.compute(batch)
    return len(some) / (time.perf_counter() - start)


def ingest_rate(world: World, source: Path, sample: int) -> list[Figure]:
    """In turns, so that a noisy neighbour hurts both."""
    few = written(world.folder / "few.jsonl", source.read_text().splitlines()[:sample])
    shares, rates, bares = [], [], []
    for turn in range(ROUNDS):
        bares.append(bare_loop(world.embedder, texts(few, sample)))
        done = filled(world, few, f"few{turn}", source_id=f"few{turn}")
        assert isinstance(done.progress, Timed)
        rates.append(sample / done.progress.took["Embedding"])
        shares.append(rates[-1] / bares[-1])
        world.sql(f"DROP TABLE search.vectors_few{turn}; DELETE FROM search.generations WHERE name = 'few{turn}'")
    share = median(shares)
    return [
        Figure(
            "ingest, documents embedded", median(rates), "1/s", baseline=f"bare embedder loop {median(bares):.1f} 1/s"
        ),
        Figure("as share of the bare loop", share, "", ">= 0.90", share >= 0.9),
    ]


def whole(world: World, source: Path, count: int) -> list[Figure]:
    """One generation from its source to Ready."""
    start = time.perf_counter()
    done = filled(world, source, "all")
    seconds = time.perf_counter() - start
    assert isinstance(done.progress, Timed)
    parts = ", ".join(f"{stage.lower()} {took:.1f}" for stage, took in done.progress.took.items() if took > 0.05)
    row = world.generation("all")
    return [
        Figure(f"whole generation of {count:,} documents", seconds, "s", baseline=f"s: {parts}"),
        Figure("recall that its verification proves, lower bound", row["recall_lower"], "",
               baseline=f"{row['recall_hits']} of {row['recall_trials']} questions"),
    ]  # fmt: skip


async def recall(world: World, ef_search: int) -> list[Figure]:
    """The index against the exact answer, on words of documents."""
    connection = await connect(world.database_settings(), command_timeout=600)
    await teach(connection)
    await near.prepare(connection, ef_search)
    generation = Generation.of(await connection.fetchrow("SELECT * FROM search.generations WHERE name = 'all'"))
    asked = await questions(connection, generation, ASKED)
    figures = []
    for name, filters, goal in (("without a filter", None, 0.98), ("with a filter that keeps 5 %", "shelf", 0.95)):
        some = [
            Question(one.text, {filters: [str(place % SHELVES)]} if filters else {}) for place, one in enumerate(asked)
        ]
        found = await measure(connection, generation, world.embedder, some, lambda _: None)
        figures.append(
            Figure(f"mean overlap recall@10 {name}", found.overlap, "", f">= {goal}", found.overlap >= goal,
                   f"exact search; a trial is a hit {found.hits} of {found.trials} times")
        )  # fmt: skip
    await connection.close()
    return figures


async def latency(world: World, pod: Pod) -> list[Figure]:
    """Each question once: the whole, less its embedding, less the bare SQL of its list asked just after."""
    connection = await connect(world.database_settings())
    await teach(connection)
    await near.prepare(connection, 100)
    generation = Generation.of(await connection.fetchrow("SELECT * FROM search.generations WHERE name = 'all'"))
    asked = await questions(connection, generation, ASKED)
    above, totals, bare = [], [], []
    async with httpx.AsyncClient(base_url=pod.url, verify=NO_TLS) as client:
        for place, question in enumerate(asked):
            vector = (await asyncio.to_thread(world.embedder.embed, [question.text]))[0]
            start = time.perf_counter()
            answer = (await client.get("/v1/search", params={"q": question.text, "mode": "vector"})).json()
            total = time.perf_counter() - start
            start = time.perf_counter()
            await near.along_index(connection, generation, vector, {}, 100)
            sql = time.perf_counter() - start
            if place >= 20:
                totals.append(total * 1000)
                bare.append(sql * 1000)
                above.append((total - sql) * 1000 - answer["took"]["embedding"])
    await connection.close()
    p50, p95 = percentile(above, 0.5), percentile(above, 0.95)
    whole_line = f"whole search p50 {percentile(totals, 0.5):.1f}, bare SQL p50 {percentile(bare, 0.5):.1f} ms"
    return [
        Figure("search above embedding and bare SQL, p50", p50, "ms", "<= 2", p50 <= 2, whole_line),
        Figure("search above embedding and bare SQL, p95", p95, "ms", "<= 4", p95 <= 4),
    ]


def throughput(world: World, pod: Pod, seconds: int) -> list[Figure]:
    """In turns; the pod's worker and pgbench's backends each have one core to themselves."""
    plain = search_load.Pgbench(world, "all")
    ours, its = [], []
    for _ in range(ROUNDS):
        ours.append(search_load.searches(pod, plain.questions, seconds))
        its.append(plain.rate(seconds))
    share = median(mine / other for mine, other in zip(ours, its, strict=True))
    return [
        Figure("searches with cached embeddings, one worker", median(ours), "1/s",
               baseline=f"the same SQL by pgbench {median(its):,.0f} 1/s"),
        Figure("as share of pgbench", share, "", ">= 0.60", share >= 0.6),
    ]  # fmt: skip


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=50_000, metavar="DOCUMENTS")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    figures: list[Figure] = []
    with ground() as (world, model):
        source = written(world.folder / "papers.jsonl", papers(asked.n))
        figures += ingest_rate(world, source, min(SAMPLE, asked.n))
        figures += whole(world, source, asked.n)
        figures += asyncio.run(recall(world, 100))
        live: dict[str, Any] = {"SEARCH_THREADS": "1"}
        with a_pod(world, model, "all", **live) as pod:
            figures += asyncio.run(latency(world, pod))
            figures += throughput(world, pod, asked.seconds)
    tell("search_index", figures, machine(*PACKAGES), as_json=asked.output == "json")


if __name__ == "__main__":
    main()
