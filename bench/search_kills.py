"""Documents lost or doubled over kills, with concurrent writes: `python -m bench.search_kills [--kills N]`.

An ingest program is killed again and again, and so is the database under it, each at a random moment, while somebody
writes and removes documents. At the end, every document that was taken must be there with the vector of its text, every
removed one must be gone, and none twice. The operator's kills are those of the bench on the cluster.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg

from bench.report import Figure, machine, tell
from bench.search_ground import PACKAGES, ground
from bench.search_memory import INGEST, environment
from search import documents
from search.document import Document
from toprope_kit.database import connect
from toprope_kit.lost import LOST
from workloads.search.tests.worlds import World, a_document, written
from workloads.shortener.tests.servers import until

DOCUMENTS = 3000
WRONG = """
    SELECT count(*) FROM (
        SELECT coalesce(d.id, v.id) FROM (SELECT * FROM search.documents WHERE NOT deleted AND source = 'g0') AS d
        FULL JOIN search.vectors_g0 AS v ON v.id = d.id
        WHERE d.id IS NULL OR v.id IS NULL OR v.text_digest <> d.text_digest OR v.filters <> d.filters
    ) AS wrong
"""


class Writer:
    """Writes and removes until told to stop, and remembers what it was told is done."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = random.Random(7)
        self.done = False
        self.kept: dict[str, str | None] = {}
        """Id → text as it was taken, None when it was removed; what nobody confirmed is left out."""

    async def run(self) -> None:
        """One write after the other."""
        while not self.done:
            try:
                connection = await connect(self._world.database_settings())
                try:
                    while not self.done:
                        await self._one(connection)
                        await asyncio.sleep(0.01)
                finally:
                    connection.terminate()
            except (*LOST, asyncpg.PostgresError, asyncpg.InternalClientError):
                await asyncio.sleep(0.1)

    async def _one(self, connection: Any) -> None:
        id_ = f"w{self._dice.randrange(400)}"
        text = None if self._dice.random() < 0.2 else f"Written by hand, {self._dice.random()}."
        self.kept.pop(id_, None)
        async with connection.transaction():
            if await documents.lock(connection, "g0") is None:
                return
            if text is None:
                await documents.bury(connection, "g0", [id_], by_api=True)
            else:
                await documents.write(connection, "g0", [Document(id_, "", text, {})], by_api=True)
        self.kept[id_] = text


def killed(world: World, environ: dict[str, str], kills: int) -> int:
    """Programs and databases killed; the last program runs to its end."""
    dice, count = random.Random(3), 0
    while True:
        process = subprocess.Popen([sys.executable, "-c", INGEST], env=environ, stderr=subprocess.DEVNULL)
        try:
            code = process.wait(None if count >= kills else 1.2 + dice.random() * 2.5)
        except subprocess.TimeoutExpired:
            count += 1
            if count % 5 == 0:
                world.postgres.kill()
                world.postgres.start()
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
            continue
        if count >= kills:
            if code:
                sys.exit(f"the last program ended with {code}")
            return count


async def under_writes(world: World, environ: dict[str, str], kills: int) -> tuple[int, Writer]:
    """Both at once."""
    writer = Writer(world)
    writing = asyncio.create_task(writer.run())
    count = await asyncio.to_thread(killed, world, environ, kills)
    writer.done = True
    await writing
    # What was written in the last moments is followed by a last run.
    await asyncio.to_thread(killed, world, environ, 0)
    return count, writer


def differing(world: World, writer: Writer) -> int:
    """Confirmed writes of which the database knows something else."""
    there = dict(world.rows("SELECT id, body FROM search.documents WHERE NOT deleted AND id LIKE 'w%'"))
    return sum(1 for id_, text in writer.kept.items() if there.get(id_) != text)


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    start = time.monotonic()
    with ground() as (world, model):
        source: Path = written(world.folder / "documents.jsonl", map(a_document, range(DOCUMENTS)))
        environ = environment(world, model, source, "g0")
        count, writer = asyncio.run(under_writes(world, environ, asked.kills))
        until(lambda: world.generation("g0")["state"] == "Ready", "the generation is ready", 60)
        wrong, lost = int(world.sql(WRONG)), differing(world, writer)
    figures = [
        Figure(f"documents lost, doubled or with another's vector over {count} kills", wrong, "", "== 0", wrong == 0,
               f"{DOCUMENTS} of a file and {len(writer.kept)} written meanwhile, {time.monotonic() - start:.0f} s"),
        Figure("confirmed writes that are not there", lost, "", "== 0", lost == 0),
    ]  # fmt: skip
    tell("search_kills", figures, machine(*PACKAGES), as_json=asked.output == "json")


if __name__ == "__main__":
    main()
