"""Every kill point of a ShortenerApp's life with SIGKILL: the operator's real process, before and after each write.

`python -m bench.kill_points [--share 1.0] [-o json]`; ends non-zero when one run ended in another world.
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.floor import a_floor
from bench.report import Figure, machine, tell
from dev.floor import Floor
from tests.integration.kinds.test_kill_points import STORIES
from tests.support.sigkill import Killing, points_of
from toprope.io.credentials import from_kubeconfig

SEED = 20261122


def main() -> int:
    """Kills and compares; 0 when every run ended in the same world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="how much of the kill points, by chance")
    parser.add_argument("-o", choices=["json"], help="print JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, a_floor(Path(directory)) as floor:
        figures, lines = asyncio.run(killed(floor, Path(directory), asked.share))
    tell("kill_points", figures, machine("kopf"), as_json=asked.o == "json")
    print("\n".join(lines), file=sys.stderr)
    return 1 if lines else 0


async def killed(floor: Floor, directory: Path, share: float) -> tuple[list[Figure], list[str]]:
    """Figures, and a line for each run that ended otherwise."""
    killing = Killing(from_kubeconfig(floor.kubeconfig), directory, _namespaces(floor), "toprope run")
    chance = random.Random(SEED)
    figures, lines = [], []
    for name, story in STORIES.items():
        undisturbed = await killing.told(story)
        points = [point for point in points_of(undisturbed) if chance.random() < share]
        other = await killing.differences(name, story, undisturbed, points)
        lines += other
        figures.append(Figure(f"kill points of {name}", len(points), "", "all the same", not other))
    return figures, lines


def _namespaces(floor: Floor) -> Callable[[], str]:
    numbers = itertools.count(1)

    def fresh() -> str:
        name = f"killed-{next(numbers)}"  # never a part of another word: `k8` stands in `k8s.io`
        floor.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return name

    return fresh


if __name__ == "__main__":
    sys.exit(main())
