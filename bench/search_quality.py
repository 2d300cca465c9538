"""Are the answers right? nDCG@10 on the CACM collection: `python -m bench.search_quality`.

52 of its 64 queries have judgements. By words, by meaning and by both, on the same documents and in the same run; the
interval is that of 2,000 bootstrap samples over queries, and of differences, since all three answer the same ones.
"""

import argparse
import asyncio
import csv
import json
import random
from collections.abc import Mapping, Sequence
from statistics import fmean

from bench.report import Figure, machine, tell
from bench.search_ground import PACKAGES, data, filled, ground
from search.codecs import teach
from search.generation import Generation
from search.ingest import quality
from search.query import near
from toprope_kit.database import connect
from workloads.search.tests.worlds import World, written

SAMPLES = 2000
MODES = ("lexical", "vector", "hybrid")


def judged() -> list[quality.Judged]:
    """The queries with what people found relevant."""
    relevant: dict[str, dict[str, float]] = {}
    with (data() / "cacm/qrels.tsv").open() as file:
        for row in csv.reader(file, delimiter="\t"):
            relevant.setdefault(row[0], {})[row[1]] = float(row[2])
    lines = (data() / "cacm/queries.jsonl").read_text().splitlines()
    queries = [json.loads(line) for line in lines]
    return [
        quality.Judged(query["text"], relevant[str(query["id"])]) for query in queries if str(query["id"]) in relevant
    ]


async def scores(world: World, asked: Sequence[quality.Judged]) -> dict[str, list[float]]:
    """nDCG@10 of each query, by mode."""
    connection = await connect(world.database_settings(), command_timeout=60)
    await teach(connection)
    await near.prepare(connection, 100)
    generation = Generation.of(await connection.fetchrow("SELECT * FROM search.generations WHERE name = 'cacm'"))
    found: dict[str, list[float]] = {mode: [] for mode in MODES}
    for one in asked:
        answers = await quality.answers(connection, generation, world.embedder, one.query)
        for mode in MODES:
            found[mode].append(quality.ndcg(answers[mode], one.relevant))
    await connection.close()
    return found


def interval(values: Sequence[float]) -> str:
    """The middle 95 % of the means of samples with replacement."""
    dice = random.Random(1)
    means = sorted(fmean(dice.choices(values, k=len(values))) for _ in range(SAMPLES))
    return f"{means[SAMPLES // 40]:.3f} to {means[-SAMPLES // 40]:.3f}"


def figures(found: Mapping[str, Sequence[float]], judged_queries: int) -> list[Figure]:
    """Each mode, and what both together gain."""
    means = {mode: fmean(values) for mode, values in found.items()}
    best = max(means["lexical"], means["vector"])
    told = [
        Figure(f"nDCG@10 on CACM, {mode}", means[mode], "",
               ">= both" if mode == "hybrid" else "", means[mode] >= best if mode == "hybrid" else None,
               f"95 % of samples {interval(found[mode])}, {judged_queries} queries")
        for mode in MODES
    ]  # fmt: skip
    for other in ("lexical", "vector"):
        gains = [one - two for one, two in zip(found["hybrid"], found[other], strict=True)]
        told.append(Figure(f"hybrid above {other}", fmean(gains), "", baseline=f"95 % of samples {interval(gains)}"))
    return told


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    output = parser.parse_args().output
    asked = judged()
    with ground() as (world, _):
        lines = (data() / "cacm/documents.jsonl").read_text().splitlines()
        documents = [json.loads(line) for line in lines]
        source = written(world.folder / "cacm.jsonl", [one | {"id": str(one["id"])} for one in documents])
        filled(world, source, "cacm", ingest_fields={"text": ["abstract"]})
        found = asyncio.run(scores(world, asked))
    tell("search_quality", figures(found, len(asked)), machine(*PACKAGES), as_json=output == "json")


if __name__ == "__main__":
    main()
