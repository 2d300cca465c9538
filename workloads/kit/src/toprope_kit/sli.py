"""`/sli`: what the operator reads once a second to judge a pod, a few hundred bytes of counters.

Only published routes are in it, and the trials that a service declares. Latency counts answers below 500, by bucket
and not cumulative. A client that gave up stands in `gone` by how long it had waited, because only the reader knows
which wait was too long.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from toprope_kit.memory import BOUNDS, BUCKETS, CLASSES, CUT, FINISHED, OLDEST, STARTED, Row, Slot
from toprope_kit.requests import CLIENT_GONE
from toprope_kit.service import Service, Trials

Page = dict[str, Any]


def page(service: Service, slots: Sequence[Slot], now: float) -> Page:
    """The counters of all workers added up; `now` is the monotonic clock that the workers stamp with."""
    rows = [row for slot in slots for row in slot.rows()]
    by_class = {name: [row for row in rows if row.key.route_class == name] for name in CLASSES}
    return {
        "buckets": list(BOUNDS),
        "classes": {
            name: _class(index, slots, now) | {"routes": _routes(service, by_class[name])}
            for index, name in enumerate(CLASSES)
        },
        "trials": {name: _trials(trials, slots) for name, trials in service.trials.items()},
    }


def _trials(trials: Trials, slots: Sequence[Slot]) -> Page:
    good, bad = (sum(slot.cell(number).value for slot in slots) for number in (trials.good, trials.bad))
    return {"total": round(good + bad), "bad": round(bad)}


def _class(index: int, slots: Sequence[Slot], now: float) -> Page:
    started = [slot.reals[OLDEST[index]] for slot in slots]
    # Finished before started: a request that begins between the two reads must not look finished.
    finished = sum(slot.ints[FINISHED[index]] for slot in slots)
    return {
        "finished": finished,
        "started": sum(slot.ints[STARTED[index]] for slot in slots),
        "cut": sum(slot.ints[CUT[index]] for slot in slots),
        "oldestUnfinished": round(max((now - at for at in started if at), default=0.0), 3),
    }


def _routes(service: Service, rows: Iterable[Row]) -> Page:
    routes = {name: _empty() for name in service.published}
    for row in rows:
        name = service.route_name(row.key.route)
        if name is not None:
            _add(routes[name], row)
    return routes


def _empty() -> Page:
    return {"total": 0, "errors": 0, "gone": [0] * BUCKETS, "latency": [0] * BUCKETS}


def _add(route: Page, row: Row) -> None:
    count = sum(row.counts)
    route["total"] += count
    if row.key.status == CLIENT_GONE:
        route["gone"] = _sum(route["gone"], row.counts)
    elif row.key.status >= 500:
        route["errors"] += count
    else:
        route["latency"] = _sum(route["latency"], row.counts)


def _sum(one: Sequence[int], other: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip(one, other, strict=True)]
