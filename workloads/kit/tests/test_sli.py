from dataclasses import replace
from typing import Any

import orjson
import pytest

from toprope_kit.memory import BUCKETS, CUT, FINISHED, OLDEST, STARTED, Memory, RowKey
from toprope_kit.service import Counter, Service, Trials
from toprope_kit.sli import page
from workloads.kit.tests.app import SERVICE


def put(memory: Memory, worker: int, key: RowKey, bucket: int, count: int) -> None:
    slot = memory.slots[worker]
    slot.ints[slot.row(key) + bucket] += count


def route(memory: Memory, name: str, route_class: str = "main") -> Any:
    return page(SERVICE, memory.slots, 0.0)["classes"][route_class]["routes"][name]


@pytest.mark.parametrize(
    ("sentence", "status", "kind"),
    [
        ("a redirect is good", 302, "latency"),
        ("a client's own error is good", 404, "latency"),
        ("being told to slow down is good", 429, "latency"),
        ("a server's error is bad however fast", 503, "errors"),
        ("a client that gave up is told by its wait", 499, "gone"),
    ],
)
def test_each_answer_counts_once_and_in_one_place(sentence: str, status: int, kind: str) -> None:
    memory = Memory(SERVICE, 2)
    for worker in (0, 1):
        put(memory, worker, RowKey("main", "GET", "/{slug}", status), 4, 3)
    found = route(memory, "redirect")
    sums = {"latency": sum(found["latency"]), "gone": sum(found["gone"]), "errors": found["errors"]}
    assert sums == {"latency": 0, "gone": 0, "errors": 0} | {kind: 6}, sentence
    assert found["total"] == 6


def test_only_published_routes_are_told() -> None:
    memory = Memory(SERVICE, 1)
    put(memory, 0, RowKey("main", "GET", "/odd/slow", 200), 0, 9)
    put(memory, 0, RowKey("main", "POST", "/api/v1/items/{item}", 200), 0, 2)
    assert {name: found["total"] for name, found in page_routes(memory).items()} == {"redirect": 0, "api": 2}


def page_routes(memory: Memory) -> dict[str, Any]:
    routes: dict[str, Any] = page(SERVICE, memory.slots, 0.0)["classes"]["main"]["routes"]
    return routes


def test_preview_stands_apart() -> None:
    memory = Memory(SERVICE, 1)
    put(memory, 0, RowKey("preview", "GET", "/{slug}", 200), 0, 5)
    assert route(memory, "redirect")["total"] == 0
    assert route(memory, "redirect", "preview")["total"] == 5


def test_what_began_and_never_ended_is_seen() -> None:
    memory = Memory(SERVICE, 2)
    for slot, oldest in zip(memory.slots, (95.0, 60.0), strict=True):
        slot.ints[STARTED[0]], slot.ints[FINISHED[0]], slot.ints[CUT[0]] = 4, 3, 1
        slot.reals[OLDEST[0]] = oldest
    found = page(SERVICE, memory.slots, 100.0)["classes"]["main"]
    assert (found["started"], found["finished"], found["cut"], found["oldestUnfinished"]) == (8, 6, 2, 40.0)


def test_four_busy_routes_stay_below_ten_kilobytes() -> None:
    service = Service("demo", "", {name: (f"/{name}",) for name in ("redirect", "api", "search", "infer")})
    memory = Memory(service, 1)
    for name in service.published:
        for status in (200, 499, 503):
            for route_class in ("main", "preview"):
                for bucket in range(BUCKETS):
                    put(memory, 0, RowKey(route_class, "GET", f"/{name}", status), bucket, 10**10)
    assert len(orjson.dumps(page(service, memory.slots, 0.0))) < 10_000


def test_trials_that_a_service_declares_are_counted_over_all_workers() -> None:
    good, bad = Counter("hits_total", "Hits."), Counter("misses_total", "Misses.")
    service = replace(SERVICE, numbers=(good, bad), trials={"recall": Trials(good, bad)})
    memory = Memory(service, 2)
    for slot in memory.slots:
        slot.cell(good).add(10)
    memory.slots[1].cell(bad).add()
    assert page(service, memory.slots, 0.0)["trials"] == {"recall": {"total": 21, "bad": 1}}
