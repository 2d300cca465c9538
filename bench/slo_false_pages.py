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

RATES = (1, 3, 7, 10, 30, 60, 100, 130, 170, 200, 300, 320, 340, 500, 1_000, 3_000, 10_000, 100_000)
"""Requests an hour. The guard's steps (three bad in an hour instead of two, five in six hours instead of four, …) make
the number rise and fall between them; it is highest just below a step, at 60, 170 and 340."""
SURE = 1.96
"""Standard errors that hold 95 %."""
UNGUARDED_YEARS = 2
"""There are hundreds a year."""


def false_pages(years: int) -> Iterator[Figure]:
    """For each rate the mean of so many years; the goal is reached where the upper end of its 95 % interval is."""
    with ProcessPoolExecutor() as processes:
        for rate in RATES:
            pages = _each_year(processes, years, partial(_pages, rate, guarded=True))
            common = _each_year(processes, UNGUARDED_YEARS, partial(_pages, rate, guarded=False))
            mean, spread = float(pages.mean()), SURE * float(pages.std(ddof=1)) / len(pages) ** 0.5
            name = f"false pages a year at {rate:,} requests an hour, of {years} years"
            told = f"{common.mean():,.0f} without the guard"
            yield Figure(name, mean, f"± {spread:.2f}", "<= 1", mean + spread <= 1, told)


def _each_year(processes: ProcessPoolExecutor, years: int, pages: Callable[[int], int]) -> Values:
    return np.array(list(processes.map(pages, range(years), chunksize=5)), dtype=np.float64)


def _pages(rate: int, seed: int, *, guarded: bool) -> int:
    ruled = availability()
    service = Chance(rate, float(ruled.promise.budget), SCRAPE)
    lead = max(tier.long for tier in ruled.promise.live if tier.severity is Severity.PAGE) // INTERVAL
    bad, good = service.counters(np.random.default_rng([rate, seed]), lead + YEAR)
    return begun(fires(ruled.promise, Severity.PAGE, bad, good, guarded=guarded)[lead:])
