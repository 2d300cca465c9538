"""What the rules of an SLO are worth: when they fire, what they cost, how often they wake somebody for nothing.

python -m bench.slos [--specs 1000] [--years 20] [-o json]
"""

import argparse
import math
import sys
from collections.abc import Iterator

import numpy as np
import promql_parser

from bench.report import Figure, machine, tell
from tests.support.promql.series import Mask, Values
from tests.support.proofs import COUNTED, counterexamples, drawn, first_firing, kinds
from toprope.slo.oracle import Phase, Traffic, turns
from toprope.slo.proof import BUSY, LATE, LATE_BY_SUMS, SCRAPE, Scenario
from toprope.slo.rule_sets import Promiser, rule_sets
from toprope.slo.rules import INTERVAL, Ruled, group
from toprope.slo.spec import Availability, Slo
from toprope.slo.windows import HOUR, MINUTE, Severity, Tier

SERIES = 1000
COMMON = 51e6
"""Samples that the common 30-day design (Sloth's default) reads for an evaluation: reference/slo.md, calculated."""
RATES = (1, 10, 30, 60, 100, 200, 300, 500, 1_000, 3_000, 10_000, 100_000)
"""Requests an hour."""


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--specs", type=int, default=1000)
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    wanted = parser.parse_args()
    figures = [*_firing(), _proofs(wanted.specs), _cost(), *_false_pages(wanted.years)]
    tell("slos", figures, machine("numpy", "promql-parser"), as_json=wanted.output == "json")


def availability() -> Ruled:
    """99.9 % over 30 days, counted by pods."""
    slo = Slo(name="availability", objective="99.9", availability=Availability())
    ruled = rule_sets([slo], Promiser("ShortenerApp", "links", COUNTED, "https://example.com"))[0].ruled
    assert ruled
    return ruled


def _firing() -> Iterator[Figure]:
    """How much later than the maths say an alert fires first, after three clean days."""
    ruled, past = availability(), 75 * HOUR
    for bad in (1.0, 0.1, 0.02, 0.008):
        traffic = Traffic([Phase(past, BUSY, 0), Phase(10 * HOUR, BUSY, bad)])
        for severity in Severity:
            turn = turns(ruled.promise.live, severity, ruled.promise.budget, traffic)[0]
            late = first_firing(ruled, Scenario("first", traffic), severity) - turn.at
            allowed = LATE_BY_SUMS if turn.by_sums else LATE
            name = f"{severity.value} at {bad:.1%} errors, {(turn.at - past) / MINUTE:.1f} min by the maths: later by"
            yield Figure(name, late, "s", f"<= {allowed}", 0 <= late <= allowed)


def _proofs(count: int) -> Figure:
    failed = 0
    for seed in range(count):
        failed += sum(1 for _ in counterexamples(*drawn(seed, kinds())))
        if seed % 100 == 99:
            print(f"{seed + 1} of {count} specs proved, {failed} counterexamples", file=sys.stderr, flush=True)
    return Figure(f"counterexamples among {count} generated specs", failed, "", "0", failed == 0)


def _cost() -> Figure:
    """Samples that one evaluation of all rules of an SLO reads, where its counters are 1,000 series."""
    read = sum(_samples(promql_parser.parse(rule["expr"])) for rule in group(availability())["rules"])
    return Figure(
        f"samples read for an evaluation at {SERIES:,} series", read / 1e6, "M", "<= 1/20 of the baseline",
        read <= COMMON / 20, f"{COMMON / 1e6:.0f} M (the common 30-day design)",
    )  # fmt: skip


def _samples(expression: promql_parser.Expr) -> float:
    """A counter is 1,000 series of 15 s, a hundredth of them errors; a record is one series."""
    if isinstance(expression, promql_parser.MatrixSelector):
        seconds = expression.range.total_seconds()
        return _series(expression.vector_selector) * seconds / _step(expression.vector_selector)
    if isinstance(expression, promql_parser.VectorSelector):
        return _series(expression)
    inside = [getattr(expression, name, None) for name in ("lhs", "rhs", "expr", "args")]
    found = [each for one in inside if one is not None for each in (one if isinstance(one, list) else [one])]
    return sum(_samples(each) for each in found if isinstance(each, promql_parser.Expr))


def _series(selector: promql_parser.VectorSelector) -> float:
    if (selector.name or "").startswith("slo:"):
        return 1
    narrowed = any(one.name in ("http_response_status_code", "le") for one in selector.matchers.matchers)
    return SERIES / 100 if narrowed else SERIES


def _step(selector: promql_parser.VectorSelector) -> int:
    return INTERVAL if (selector.name or "").startswith("slo:") else SCRAPE


def _false_pages(years: int) -> Iterator[Figure]:
    ruled = availability()
    chance = np.random.default_rng(1)
    for rate in RATES:
        pages = sum(_pages(ruled, rate, chance) for _ in range(years)) / years
        yield Figure(f"false pages a year, exactly 99.9 %, {rate:,} requests an hour", pages, "", "<= 1", pages <= 1)


def _pages(ruled: Ruled, rate: int, chance: np.random.Generator) -> int:
    """Pages in a year of a service that is exactly as bad as it may be: the tiers over counts by the minute."""
    total = chance.poisson(rate / 60, 365 * 24 * 60).astype(np.float64)
    bad = chance.binomial(total.astype(np.int64), float(ruled.promise.budget)).astype(np.float64)
    sums = [np.concatenate([[0.0], np.cumsum(one)]) for one in (bad, total)]
    firing = np.zeros(len(total), dtype=np.bool_)
    for tier in ruled.promise.live:
        if tier.severity is Severity.PAGE:
            firing |= _fires(ruled, tier, *sums)
    return int((firing[1:] & ~firing[:-1]).sum() + firing[0])


def _fires(ruled: Ruled, tier: Tier, bad: Values, total: Values) -> Mask:
    threshold, allowed = (
        float(tier.threshold(ruled.promise.budget)),
        float(ruled.promise.budget * (1 - ruled.promise.budget)),
    )
    firing = np.ones(len(bad) - 1, dtype=np.bool_)
    for window in (tier.short, tier.long):
        bads, totals = _over(bad, window), _over(total, window)
        firing &= bads > threshold * totals
    enough: Mask = firing & (bads > 1.5 + tier.sigmas * math.sqrt(allowed) * np.sqrt(totals))
    return enough


def _over(sums: Values, seconds: int) -> Values:
    minutes = seconds // MINUTE
    within: Values = sums[1:] - sums[np.maximum(np.arange(1, len(sums)) - minutes, 0)]
    return within


if __name__ == "__main__":
    main()
