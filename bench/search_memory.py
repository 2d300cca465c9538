"""Memory of the ingest program over ten times as many documents: `python -m bench.search_memory [-n DOCUMENTS]`.

Ingest of synthetic documents as a process of its own, with an embedder that computes nothing, or 500,000 of them would
take half a day; what the model itself holds is measured beside it, and is the same however many documents there are.
"""

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path

from bench.report import Figure, machine, tell
from bench.search_ground import PACKAGES, ground
from workloads.search.tests.worlds import World, a_document, written

LIMIT = 1024.0
INGEST = """
import asyncio, sys
from pathlib import Path
from search.ingest.run import Ingest
from search.ingest.settings import IngestSettings
from toprope_kit.database import DatabaseSettings
from workloads.search.tests.toy import Toy
asyncio.run(Ingest(IngestSettings.load(), DatabaseSettings.load(), Toy(dimension=384)).run())
"""
MODEL = """
from pathlib import Path
from search.embedding.embedder import Embedder
import os
Embedder(Path(os.environ["MODEL_DIR"]), 2).embed(["word " * 300] * 32)
"""


def peak(code: str, environ: dict[str, str]) -> float:
    """MiB that a program held at most."""
    process = subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the program ended with {process.returncode}")
    return _mib(usage)


def _mib(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


def environment(world: World, model: Path, source: Path, generation: str) -> dict[str, str]:
    """Of one Job."""
    described = f'{{"file": {{"path": "{source}"}}}}'
    folder = world.folder / "credentials"
    return world.environ(
        MODEL_DIR=str(model), GENERATION=generation, SOURCE_ID=generation, INGEST_SOURCE=described,
        DATABASE_USER="owner", DATABASE_PASSWORD_FILE=str(folder / "owner-password"), RECALL_OBJECTIVE="0",
    )  # fmt: skip


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=50_000, metavar="DOCUMENTS", help="of the smaller run")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    peaks = []
    with ground() as (world, model):
        for place, count in enumerate((asked.n, 10 * asked.n)):
            source = written(world.folder / f"{count}.jsonl", map(a_document, range(count)))
            peaks.append(peak(INGEST, environment(world, model, source, f"g{place}")))
            source.unlink()
        held = peak(MODEL, environment(world, model, world.folder, "g"))
    few, many = peaks
    figures = [
        Figure(f"ingest of {asked.n:,} documents, peak without the model", few, "MiB"),
        Figure(f"ingest of {10 * asked.n:,} documents, the same", many, "MiB", "<= 1.1 of it", many <= 1.1 * few),
        Figure("with the model, at most", many + held, "MiB", "<= 1024", many + held <= LIMIT,
               f"a process that only embeds {held:.0f} MiB"),
    ]  # fmt: skip
    tell("search_memory", figures, machine(*PACKAGES), as_json=asked.output == "json")


if __name__ == "__main__":
    main()
