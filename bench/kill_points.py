"""Every kill point of a ShortenerApp's life, before and after each write: the operator's real process with SIGKILL, and
its engine in this process where the verdicts of a gate are made up, on a real API server and in a world on paper.

`python -m bench.kill_points [--share 1.0] [-o json]`; ends non-zero when one run ended in another world, by other
weights, or against a law of rollouts.
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from bench.floor import a_floor
from bench.report import Figure, machine, tell
from dev.floor import Fate, Floor, Outcome
from tests.integration.kinds.test_kill_points import LEAPING, REFUSED, STORIES
from tests.support import canaries, kill_points, paper_kills
from tests.support.sigkill import Killing, points_of
from toprope.io.credentials import Connection, from_kubeconfig

SEED = 20261122
BARE = {name: canaries.unjudged(story) for name, story in canaries.STORIES.items()}
"""Nobody can make up verdicts for another process: its steps go by time."""
JUDGED = canaries.STORIES | canaries.JUDGED
Tried = tuple[str, int, list[str]]
"""What, how many kill points, and a line for each that ended otherwise."""


def main() -> int:
    """Kills and compares; 0 when every run ended in the same world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="how much of the kill points, by chance")
    parser.add_argument("-o", choices=["json"], help="print JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, a_floor(Path(directory), own_process=False) as floor:
        floor.decree(REFUSED, Fate(Outcome.FAILS, "PodFailurePolicy", "Container check failed with exit code 3"))
        figures, lines = asyncio.run(killed(floor, Path(directory), asked.share))
    tell("kill_points", figures, machine("kopf"), as_json=asked.o == "json")
    print("\n".join(lines), file=sys.stderr)
    return 1 if lines else 0


async def killed(floor: Floor, directory: Path, share: float) -> tuple[list[Figure], list[str]]:
    """Figures, and a line for each run that ended otherwise."""
    connection, namespaces = from_kubeconfig(floor.kubeconfig), _namespaces(floor)
    killing = Killing(connection, directory, namespaces, "toprope run")
    figures: list[Figure] = []
    lines: list[str] = []
    began = time.monotonic()
    for tried in (on_paper(share), in_process(connection, namespaces, share), by_signal(killing, share)):
        async for what, points, other in tried:
            print(f"{what}: {points} kill points, {len(other)} differ", file=sys.stderr, flush=True)
            lines += [f"{what}: {line}" for line in other]
            figures.append(Figure(f"kill points of {what}", points, "", "all the same", not other))
    figures.append(Figure("all of these", time.monotonic() - began, "s"))
    return figures, lines


async def on_paper(share: float) -> AsyncIterator[Tried]:
    """Releases by steps, in this process and without an API server."""
    for name, story in JUDGED.items():
        yield (f"{name}, on paper", *await paper_kills.differences(story, round(1 / share)))


async def in_process(connection: Connection, namespaces: Callable[[], str], share: float) -> AsyncIterator[Tried]:
    """The same against an API server."""
    for name, story in {**LEAPING, **JUDGED}.items():
        yield (f"{name}, in this process", *await kill_points.differences(story, connection, namespaces, share))


async def by_signal(killing: Killing, share: float) -> AsyncIterator[Tried]:
    """By SIGKILL."""
    chance = random.Random(SEED)
    for name, story in {**STORIES, **BARE}.items():
        undisturbed = await killing.told(story)
        points = [point for point in points_of(undisturbed) if chance.random() < share]
        broken = [f"undisturbed: {line}" for line in undisturbed.broken]
        yield name, len(points), broken + await killing.differences(name, story, undisturbed, points)


def _namespaces(floor: Floor) -> Callable[[], str]:
    numbers = itertools.count(1)

    def fresh() -> str:
        name = f"killed-{next(numbers)}"  # never a part of another word: `k8` stands in `k8s.io`
        floor.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return name

    return fresh


if __name__ == "__main__":
    sys.exit(main())
