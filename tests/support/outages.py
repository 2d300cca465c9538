"""Rules over what happens to a service, to its pods and to Prometheus itself, minute by minute."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import Series, every
from tests.support.proofs import COUNTED, ruled_of, stored
from toprope.slo.oracle import Phase, Traffic
from toprope.slo.rules import INTERVAL, Ruled, group
from toprope.slo.sli import Counted
from toprope.slo.stories import Scenario
from toprope.slo.windows import MINUTE

Span = tuple[int, int]
"""From one minute to before another."""
UP, GONE = True, False


def availability(counted: Counted = COUNTED, **fields: Any) -> Ruled:
    """An SLO, counted by pods."""
    ruled = ruled_of({"name": "availability", "objective": "99.9", "availability": {}, **fields}, counted)
    assert ruled
    return ruled


def minutes(*told: tuple[int, float, bool]) -> Scenario:
    """Minutes, requests a second, and whether there are pods, one stretch after the other."""
    phases = [Phase(count * MINUTE, per_second, 0 if up else 1, up=up) for count, per_second, up in told]
    return Scenario("told", Traffic(phases), by_pods=True)


def came_of(ruled: Ruled, scenario: Scenario, *, unseen: Sequence[Span] = (), more: Iterable[Series] = ()) -> Outcome:
    """What the rules record; within the spans `unseen` Prometheus neither scrapes nor evaluates."""
    at = every(INTERVAL, scenario.traffic.seconds)
    series = [_cut(one, unseen) for one in [*stored(ruled, scenario), *more]]
    return evaluated(group(ruled), series, at[~_within(at, unseen)])


def _cut(one: Series, unseen: Sequence[Span]) -> Series:
    kept = ~_within(one.times, unseen)
    return replace(one, times=one.times[kept], values=one.values[kept], stale=one.stale[kept])


def _within(times: Any, unseen: Sequence[Span]) -> Any:
    found = np.zeros(len(times), dtype=np.bool_)
    for begin, end in unseen:
        found |= (times >= begin * MINUTE * 1000) & (times < end * MINUTE * 1000)
    return found


def at_minute(outcome: Outcome, minute: int, record: str, **labels: str) -> float | None:
    """What was recorded at that minute; None where nothing was."""
    row, index = outcome.record(record, **labels), int(np.searchsorted(outcome.at, minute * MINUTE * 1000))
    return float(row.values[index]) if row.there[index] else None
