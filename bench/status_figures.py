"""How late and how old statuses were, from what an onlooker saw, and how far metrics are from what Prometheus says.

A number is told late by the time from the moment when Prometheus had it to the moment when the status does. It is as
old as the evaluation that it comes from: by the time until the next one, a minute, more.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from bench.report import Figure, percentile
from bench.status_onlooker import Key, Onlooker

LATE = 60.0
ROUNDED = 0.00005 + 1e-9
"""Four decimals."""

Recorded = Mapping[Key, Mapping[float, float]]
"""Evaluation → what it came to."""


def figures(seen: Onlooker, recorded: Recorded, begin: float, end: float) -> list[Figure]:
    """Of all evaluations and all moments between `begin` and `end`."""
    told = {key: list(_told(statuses, recorded.get(key, {}))) for key, statuses in seen.statuses.items()}
    late = [one for key, found in seen.evaluations.items() for one in _lateness(found, told.get(key, []), begin, end)]
    age = [one for shown in told.values() for one in _ages(shown, begin, end)]
    worst = percentile(late, 0.99)
    return [
        Figure("evaluations told by a status", len(late), ""),
        Figure("a status is late by, median", percentile(late, 0.5), "s"),
        Figure("a status is late by, p99", worst, "s", f"<= {LATE:g}", worst <= LATE),
        Figure("a status is late by, at most", max(late), "s"),
        Figure("age of the evaluation that a status tells, median", percentile(age, 0.5), "s"),
        Figure("age of the evaluation that a status tells, p99", percentile(age, 0.99), "s"),
    ]


def _told(statuses: Sequence[tuple[float, str]], recorded: Mapping[float, float]) -> Iterable[tuple[float, float]]:
    """When a status came, and the evaluation that its number comes from."""
    for came, text in statuses:
        fitting = [at for at, value in recorded.items() if at <= came and abs(value - float(text)) <= ROUNDED]
        if fitting:
            yield came, max(fitting)


def _lateness(
    evaluations: Mapping[float, float], told: Sequence[tuple[float, float]], begin: float, end: float
) -> Iterable[float]:
    for evaluated, existed in evaluations.items():
        if begin <= existed <= end - LATE:
            came = next((came for came, of in told if of >= evaluated), end)
            yield max(0.0, came - existed)


def _ages(told: Sequence[tuple[float, float]], begin: float, end: float) -> Iterable[float]:
    """Each second."""
    came = [moment for moment, _ in told]
    for now in range(int(begin), int(end)):
        if index := bisect_right(came, now):
            yield now - told[index - 1][1]
