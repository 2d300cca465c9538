"""Single stories of generated SLOs through promtool itself, each kind of story as often as any other.

python -m bench.slo_promtool [--stories 200] [--first 0] [-o json]
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.report import Figure, machine, percentile, tell
from tests.support.proofs import drawn, kinds, refused


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    wanted = parser.parse_args()
    figures = _figures(range(wanted.first, wanted.first + wanted.stories))
    tell("slo_promtool", figures, machine("numpy"), as_json=wanted.output == "json")


def _figures(numbers: Sequence[int]) -> list[Figure]:
    """promtool uses one core: as many of them at a time as there are."""
    with ProcessPoolExecutor() as processes:
        told = list(processes.map(_told, numbers))
    wrong = [said for said, _ in told if said]
    for said in wrong:
        print(said, file=sys.stderr)
    took = [seconds for _, seconds in told]
    return [
        Figure("stories that promtool refuses", len(wrong), f"of {len(told)}", "0", not wrong),
        Figure("one of them takes, median", percentile(took, 0.5), "s"),
        Figure("… at most", max(took), "s"),
    ]


def _told(number: int) -> tuple[str, float]:
    """What promtool said against one story, and the seconds that it took."""
    ruled, story = drawn(number, kinds())
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        said = refused(ruled, story, Path(folder))
    took = time.monotonic() - began
    verdict = "refused" if said else "agreed"
    print(f"{number}: {story.name}, {verdict} in {took:.0f} s", file=sys.stderr, flush=True)
    return (f"{number}: {story.name} of {ruled}: {said}" if said else ""), took


if __name__ == "__main__":
    main()
