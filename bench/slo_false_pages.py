"""How often a year a service that is exactly on its objective pages all the same.

Requests come at random, each is bad with the probability that the objective allows. The rules' arithmetic runs over
their counts (`tests/support/paging`, held equal to the rules themselves).
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from bench.report import Figure
from tests.support.outages import availability
from tests.support.paging import YEAR, Chance, begun, fires
from tests.support.promql.series import Values
from toprope.slo.proof import SCRAPE
from toprope.slo.rules import INTERVAL
from toprope.slo.windows import Severity

REFERENCE = ("99.9", "30d")
RATES = (1, 3, 7, 10, 30, 60, 100, 130, 170, 200, 300, 320, 340, 500, 1_000, 3_000, 10_000, 100_000)
"""Requests an hour. The guard's steps (three bad in an hour instead of two, five in six hours instead of four, …) make
the number rise and fall between them; it is highest just below a step, at 60, 170 and 340."""
SHORT = (
    ("99.9", "7d", (145, 410, 820)),
    ("99.9", "12d", (85, 240, 480)),
    ("99.9", "14d", (72, 205, 410)),
    ("99", "7d", (14, 40, 80)),
    ("99.99", "7d", (185, 1_500, 4_300)),
)
"""Objectives, windows that shrink, and requests an hour just below such steps: a year has more of these windows."""
SURE = 1.96
"""Standard errors that hold 95 %."""
UNGUARDED_YEARS = 2
"""There are hundreds a year."""


def false_pages(years: int) -> Iterator[Figure]:
    """For each rate the mean of so many years; the goal is reached where the upper end of its 95 % interval is."""
    with ProcessPoolExecutor() as processes:
        for objective, window, rates in ((*REFERENCE, RATES), *SHORT):
            promised = "" if (objective, window) == REFERENCE else f"of {objective} % over {window} "
            for rate in rates:
                pages = partial(_pages, objective, window, rate)
                found = _each_year(processes, years, partial(pages, guarded=True))
                common = _each_year(processes, UNGUARDED_YEARS, partial(pages, guarded=False))
                mean, spread = float(found.mean()), SURE * float(found.std(ddof=1)) / len(found) ** 0.5
                name = f"false pages a year {promised}at {rate:,} requests an hour, of {years} years"
                told = f"{common.mean():,.0f} without the guard"
                yield Figure(name, mean, f"± {spread:.2f}", "<= 1", mean + spread <= 1, told)


def _each_year(processes: ProcessPoolExecutor, years: int, pages: Callable[[int], int]) -> Values:
    return np.array(list(processes.map(pages, range(years), chunksize=5)), dtype=np.float64)


def _pages(objective: str, window: str, rate: int, seed: int, *, guarded: bool) -> int:
    ruled = availability(objective=objective, window=window)
    service = Chance(rate, float(ruled.promise.budget), SCRAPE)
    lead = max(tier.long for tier in ruled.promise.live if tier.severity is Severity.PAGE) // INTERVAL
    bad, good = service.counters(np.random.default_rng([rate, seed]), lead + YEAR)
    return begun(fires(ruled.promise, Severity.PAGE, bad, good, guarded=guarded)[lead:])
