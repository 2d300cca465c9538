"""What the gate is worth: errors in simulated rollouts, what a bad candidate costs, how long a verdict takes,
whether the budget pays for a broken one.

python -m bench.gate [--runs 20000] [--looks 360] [-o json]
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator

from bench.gate import budgets, changes, lines, rollouts, verdicts
from bench.report import Figure, machine, tell


def main() -> None:
    """Measure and tell; a quarter of an hour with all runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20_000, help="rollouts of each kind")
    parser.add_argument("--looks", type=int, default=360, help="at each of them")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    wanted = parser.parse_args()
    few = max(20, wanted.runs // 20)
    found = [
        *_timed("lines", lines.figures()),
        *_timed("verdicts", verdicts.figures(few)),
        *_timed("changes", changes.figures(few // 4)),
        *_timed("budgets", budgets.figures(wanted.runs // 2)),
        *_timed("rollouts", rollouts.figures(wanted.runs, wanted.looks)),
    ]
    tell("gate", found, machine("numpy", "orjson"), as_json=wanted.output == "json")


def _timed(name: str, figures: Iterable[Figure]) -> Iterator[Figure]:
    began = time.monotonic()
    yield from figures
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
