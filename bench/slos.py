"""What the rules of an SLO are worth: when they fire, what they record, what they cost, how often they wake somebody
for nothing.

python -m bench.slos [--years 400] [-o json]
"""

import argparse
import sys
from collections.abc import Iterator

from bench.report import Figure, machine, tell
from bench.slo_cost import cost
from bench.slo_false_pages import false_pages
from bench.slo_firing import outages, turning
from bench.slo_history import history


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=400, help="simulated for each rate of requests")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    wanted = parser.parse_args()
    tell("slos", list(_figures(wanted.years)), machine("numpy", "promql-parser"), as_json=wanted.output == "json")


def _figures(years: int) -> Iterator[Figure]:
    """Each is said as soon as it is known: all of them take ten minutes."""
    for figures in (turning(), outages(), history(), [cost()], false_pages(years)):
        for figure in figures:
            print(figure.name, file=sys.stderr, flush=True)
            yield figure


if __name__ == "__main__":
    main()
