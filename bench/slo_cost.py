"""How many samples the rules of an SLO read at each evaluation."""

import promql_parser

from bench.report import Figure
from tests.support.outages import availability
from toprope.slo.proof import SCRAPE
from toprope.slo.rules import INTERVAL, group

SERIES = 1000
COMMON = 51e6
"""Samples that the common 30-day design (Sloth's default) reads for an evaluation: calculated from its rules."""


def cost() -> Figure:
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
