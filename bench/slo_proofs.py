"""Generated SLOs, each in all of its stories: do their rules fire when the maths say so, and stay silent otherwise?

The stories run through our evaluator; `slo_promtool` has some of them told by promtool.

python -m bench.slo_proofs [--specs 1000] [--first 0] [-o json]
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from bench.report import Figure, machine, tell
from tests.support.proofs import a_promise, counterexamples
from toprope.slo.stories import scenarios

TOLD_EVERY = 10


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--specs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first one")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    wanted = parser.parse_args()
    figures = _figures(range(wanted.first, wanted.first + wanted.specs))
    tell("slo_proofs", figures, machine("numpy", "promql-parser"), as_json=wanted.output == "json")


def _figures(seeds: Sequence[int]) -> list[Figure]:
    told, refuted = 0, 0
    with ProcessPoolExecutor() as processes:
        for done, (stories, wrong) in enumerate(processes.map(_proved, seeds), 1):
            told, refuted = told + stories, refuted + len(wrong)
            for one in wrong:
                print(one, file=sys.stderr, flush=True)
            if done % TOLD_EVERY == 0:
                print(f"{done} of {len(seeds)} specs proved, {refuted} counterexamples", file=sys.stderr, flush=True)
    return [
        Figure("generated specs", len(seeds), ""),
        Figure("stories of theirs, by our evaluator", told, ""),
        Figure("counterexamples", refuted, "", "0", refuted == 0),
    ]


def _proved(seed: int) -> tuple[int, list[str]]:
    """How many stories were told, and the checks that failed."""
    ruled = a_promise(seed)
    stories = scenarios(ruled)
    wrong = [f"seed {seed}: {story.name}, {one}" for story in stories for one in counterexamples(ruled, story)]
    return len(stories), wrong


if __name__ == "__main__":
    main()
