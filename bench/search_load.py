"""Load for the benches of search: HTTP as fast as it is answered, and the same SQL by pgbench."""

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from search.codecs import Vector
from workloads.search.tests.pods import Pod
from workloads.search.tests.worlds import World
from workloads.shortener.tests.servers import SUPERUSER_PASSWORD

CONNECTIONS, QUESTIONS = 8, 200
SQL = """
\\set n random(1, {count})
WITH near AS MATERIALIZED (
    SELECT id, (embedding <=> (SELECT vector FROM bench_questions WHERE n = :n)) AS distance
    FROM search.{table} ORDER BY (embedding <=> (SELECT vector FROM bench_questions WHERE n = :n)) LIMIT 100
) SELECT id, distance FROM near ORDER BY distance, id COLLATE "C" LIMIT 100;
SELECT id, title, body, filters::text FROM search.documents WHERE source = 'papers' AND id IN (
    SELECT id FROM search.{table} OFFSET :n LIMIT 15) AND NOT deleted;
"""


class Pgbench:
    """The list and its documents, asked by a client that does nothing else."""

    def __init__(self, world: World, generation: str) -> None:
        self._world = world
        found = world.sql(f"SELECT title FROM search.documents WHERE NOT deleted ORDER BY md5(id) LIMIT {QUESTIONS}")
        self.questions = found.splitlines()
        vectors = world.embedder.embed(self.questions)
        rows = ", ".join(f"({number}, '{_text(vector)}')" for number, vector in enumerate(vectors, 1))
        world.sql("CREATE TABLE bench_questions (n int PRIMARY KEY, vector vector)", "postgres")
        file = world.folder / "questions.sql"
        file.write_text(f"INSERT INTO bench_questions VALUES {rows};")
        self._psql("-f", str(file))
        self._script = world.folder / "pgbench.sql"
        self._script.write_text(SQL.format(count=len(self.questions), table=f"vectors_{generation}"))

    def rate(self, seconds: int) -> float:
        """Searches a second."""
        words = ["-n", "-T", str(seconds), "-c", str(CONNECTIONS), "-j", "1", "-M", "prepared", "-f", str(self._script)]
        said = self._run("pgbench", *words)
        found = re.search(r"tps = ([\d.]+)", said)
        if found is None:
            raise RuntimeError(said)
        return float(found[1])

    def _psql(self, *words: str) -> None:
        self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", *words)

    def _run(self, program: str, *words: str) -> str:
        server = self._world.postgres
        place = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"]
        options = "-c hnsw.iterative_scan=relaxed_order -c hnsw.ef_search=100 -c enable_seqscan=off -c jit=off"
        done = subprocess.run(
            [server.install / "bin" / program, *place, *words, self._world.database],
            env={**os.environ, "PGPASSWORD": SUPERUSER_PASSWORD, "PGOPTIONS": options},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout


def _text(vector: Vector) -> str:
    return "[" + ",".join(f"{number:.7g}" for number in vector) + "]"


def searches(pod: Pod, questions: Sequence[str], seconds: float) -> float:
    """Searches a second of a pod that has each question's embedding; every answer must be one."""
    return asyncio.run(_searches(pod, questions, seconds))


async def _searches(pod: Pod, questions: Sequence[str], seconds: float) -> float:
    paths = [f"/v1/search?mode=vector&q={quote(question)}" for question in questions]
    await asyncio.gather(*(_client(pod, paths[start::CONNECTIONS], 0, once=True) for start in range(CONNECTIONS)))
    end = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_client(pod, paths[start:], end) for start in range(CONNECTIONS)))
    return sum(counts) / seconds


async def _client(pod: Pod, paths: Sequence[str], end: float, *, once: bool = False) -> int:
    place = urlsplit(pod.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    count = 0
    while once or time.perf_counter() < end:
        writer.write(f"GET {paths[count % len(paths)]} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise RuntimeError(head.decode())
        await reader.readexactly(int(length[1]))
        count += 1
        if once and count >= len(paths):
            break
    writer.close()
    return count
