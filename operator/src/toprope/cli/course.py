"""How the error budgets of a resource went, as Prometheus recorded it: a sparkline each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from toprope.cli.say import unfolded
from toprope.core.conditions import timestamp
from toprope.core.objects import Manifest
from toprope.io.prometheus import Prometheus
from toprope.slo.rules import LEFT
from toprope.slo.status import SloStatus
from toprope.slo.windows import DAY, days

POINTS = 60
"""Moments that are looked at."""
_LEVELS = "▁▂▃▄▅▆▇█"

Points = Sequence[tuple[float, float]]
"""Seconds since 1970, and the share of the budget that was left."""


@dataclass(frozen=True, slots=True)
class Course:
    """How the budgets went from `start` on, looked at every `step` seconds."""

    start: int
    step: int
    budgets: Mapping[str, Points]
    """By the SLO's name."""


async def course(prometheus: Prometheus, live: Manifest, slos: Sequence[SloStatus], now: datetime) -> Course:
    """Over the longest window of all. Unseen where Prometheus does not answer."""
    step = max(days(slo.window or "1d") for slo in slos) * DAY // (POINTS - 1)
    end = int(now.timestamp())
    start = end - (POINTS - 1) * step
    metadata = live["metadata"]
    whose = f'namespace="{metadata["namespace"]}",kind="{live["kind"]}",name="{metadata["name"]}"'
    # Of a pair of replicas the one that is worse off.
    found = await prometheus.ranged(f"min by (slo) ({LEFT}{{{whose}}})", start, end, step)
    known = {one.labels.get("slo"): _finite(one.points) for one in found}
    return Course(start, step, {slo.name: known.get(slo.name, ()) for slo in slos})


def _finite(points: Points) -> Points:
    return [(at, share) for at, share in points if math.isfinite(share)]


def course_table(found: Course) -> Table:
    """A line each; all have one axis of time."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("SLO", no_wrap=True)
    table.add_column(f"BUDGET LEFT SINCE {_at(found.start)}", no_wrap=True)
    for slo, points in found.budgets.items():
        table.add_row(slo, sparkline(points, found) if points else "nothing is recorded")
    return unfolded(table)


def sparkline(points: Points, found: Course) -> str:
    """A character for each moment, from nothing left at the bottom to all of it at the top; a gap where none was
    recorded."""
    levels = {round((at - found.start) / found.step): _level(share) for at, share in points}
    return "".join(levels.get(index, " ") for index in range(POINTS))


def _level(share: float) -> str:
    return _LEVELS[round((len(_LEVELS) - 1) * min(1.0, max(0.0, share)))]


def course_json(found: Course) -> dict[str, Any]:
    """For machines: each point with its moment."""
    return {slo: [{"at": _at(at), "remaining": share} for at, share in points] for slo, points in found.budgets.items()}


def _at(seconds: float) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))
