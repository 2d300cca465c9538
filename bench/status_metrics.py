"""The operator's `toprope_slo_*` beside what Prometheus itself has recorded."""

import math
import re
import time
from collections.abc import Mapping, Sequence

from bench.report import Figure, percentile
from tests.support.prometheus_process import PrometheusProcess
from toprope.slo.rules import BURN, ERRORS, INTERVAL, LEFT

EQUAL = 1e-6
SPAN = "[15m]"
WINDOW = "30d"
"""The SLOs' own."""

NEAR = 5.0
"""Seconds by which the time of an evaluation is uncertain, taken from its age."""

_LINE = re.compile(r"^(toprope_slo_\w+)\{(.*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class Page:
    """One look at the operator's metrics."""

    def __init__(self, text: str) -> None:
        now = time.time()
        lines = [(name, dict(_LABEL.findall(labels)), float(value)) for name, labels, value in _LINE.findall(text)]
        ages = {_key(labels): value for name, labels, value in lines if name == "toprope_slo_sample_age_seconds"}
        self.ages = list(ages.values())
        self.numbers = [
            (now - ages[_key(labels)], record, value)
            for name, labels, value in lines
            if (record := _record(name, labels)) and _key(labels) in ages
        ]
        """When it was evaluated, what it is to be compared with, and the number."""


def _key(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels["name"], labels["slo"]


def _record(name: str, labels: Mapping[str, str]) -> tuple[str, ...] | None:
    match name:
        case "toprope_slo_burn_ratio":
            return (BURN, *_key(labels), labels["window"])
        case "toprope_slo_attained_ratio":
            return (ERRORS, *_key(labels), WINDOW)
        case "toprope_slo_budget_remaining_ratio":
            return (LEFT, *_key(labels), "")
    return None


def figures(pages: Sequence[Page], prometheus: PrometheusProcess) -> list[Figure]:
    """How far the metrics of some looks are from what Prometheus recorded, at the evaluations that they tell of."""
    recorded = _recorded(prometheus)
    off = [_difference(recorded.get(record, {}), at, value) for page in pages for at, record, value in page.numbers]
    worst, ages = max(off), [age for page in pages for age in page.ages]
    return [
        Figure("numbers compared with Prometheus' own", len(off), ""),
        Figure("difference, at most", worst / EQUAL, f"· {EQUAL:g}", "<= 1", worst <= EQUAL),
        Figure("age of the evaluation that a metric tells, median", percentile(ages, 0.5), "s"),
        Figure("age of the evaluation that a metric tells, p99", percentile(ages, 0.99), "s"),
    ]


def _recorded(prometheus: PrometheusProcess) -> dict[tuple[str, ...], dict[float, float]]:
    found: dict[tuple[str, ...], dict[float, float]] = {}
    for selector in (f"{BURN}{SPAN}", f'{ERRORS}{{window="{WINDOW}"}}{SPAN}', f"{LEFT}{SPAN}"):
        for one in prometheus.query(selector):
            labels, is_error = one["metric"], one["metric"]["__name__"] == ERRORS
            key = (labels["__name__"], *_key(labels), labels.get("window", ""))
            values = ((float(at), float(text)) for at, text in one["values"])
            found[key] = {at: 1 - value if is_error else value for at, value in values}
    return found


def _difference(recorded: Mapping[float, float], at: float, value: float) -> float:
    """To the evaluation's own number, or the one before: a look may come while a group is being evaluated."""
    near = [theirs for when, theirs in recorded.items() if -NEAR < at - when < INTERVAL + NEAR]
    return min((abs(value - theirs) / max(1.0, abs(theirs)) for theirs in near), default=math.inf)
