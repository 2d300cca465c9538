from itertools import count
from typing import Any

import pytest

from toprope_kit.memory import BOUNDS, CUT, FINISHED, OLDEST, STARTED, Memory
from toprope_kit.requests import CLIENT_GONE, Ledger, bury
from toprope_kit.service import Service


def a_scope(route: str = "/{slug}", method: str = "GET", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "method": method, "headers": list(headers), "toprope.route": route}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(clock: Clock) -> Ledger:
    return Ledger(Memory(Service("demo", "", {}), 1).slots[0], clock)


def words(ledger: Ledger, index: int = 0) -> tuple[int, int, float]:
    slot = ledger._slot
    return slot.ints[STARTED[index]], slot.ints[FINISHED[index]], slot.reals[OLDEST[index]]


@pytest.mark.parametrize(
    ("sentence", "seconds", "bucket"),
    [
        ("an instant answer is in the first bucket", 0.0, 0),
        ("a bound belongs to its own bucket", 0.001, 0),
        ("just above a bound is the next one", 0.0011, 1),
        ("the slowest objective still has a bucket", 10.0, len(BOUNDS) - 1),
        ("slower than that is in the last", 60.0, len(BOUNDS)),
    ],
)
def test_buckets(sentence: str, seconds: float, bucket: int, ledger: Ledger, clock: Clock) -> None:
    clock.now = 0.0
    request = ledger.begin(a_scope())
    clock.now = seconds
    ledger.end(request, 200)
    row = next(iter(ledger._slot.rows()))
    assert row.counts.index(1) == bucket, sentence
    assert row.seconds == seconds


def test_the_oldest_unfinished_request_is_known_in_every_order(ledger: Ledger, clock: Clock) -> None:
    first, second, third = (ledger.begin(a_scope()) for clock.now in (1.0, 2.0, 3.0))
    assert words(ledger) == (3, 0, 1.0)
    ledger.end(second, 200)
    assert words(ledger) == (3, 1, 1.0)
    ledger.end(first, 200)
    assert words(ledger) == (3, 2, 3.0)
    ledger.end(third, 200)
    assert words(ledger) == (3, 3, 0.0)


def test_a_request_waits_from_when_its_body_is_there(ledger: Ledger, clock: Clock) -> None:
    clock.now = 1.0
    slow = ledger.begin(a_scope("/", "POST", (b"content-length", b"7")))
    clock.now = 2.0
    ledger.begin(a_scope())
    assert words(ledger) == (2, 0, 2.0)
    clock.now = 3.0
    ledger.received(slow)
    ledger.received(slow)
    ledger.end(slow, 201)
    ledger.received(slow)
    assert words(ledger) == (2, 1, 2.0)


def test_a_body_that_never_comes_makes_nobody_wait(ledger: Ledger) -> None:
    ledger.end(ledger.begin(a_scope("/", "POST", (b"transfer-encoding", b"chunked"))), 499)
    assert words(ledger) == (1, 1, 0.0)


def test_only_the_first_end_counts(ledger: Ledger) -> None:
    request = ledger.begin(a_scope())
    ledger.end(request, CLIENT_GONE)
    ledger.end(request, 200)
    assert [(row.key.status, sum(row.counts)) for row in ledger._slot.rows()] == [(499, 1)]


def test_preview_requests_are_a_class_of_their_own(ledger: Ledger) -> None:
    ledger.end(ledger.begin(a_scope("/{slug}", "GET", (b"toprope-route", b"preview"))), 200)
    assert words(ledger, 0)[:2] == (0, 0)
    assert words(ledger, 1)[:2] == (1, 1)
    assert [row.key.route_class for row in ledger._slot.rows()] == ["preview"]


def test_methods_that_clients_invent_make_one_row(ledger: Ledger) -> None:
    for number in count():
        ledger.end(ledger.begin(a_scope("/", f"BREW{number}")), 405)
        if number == 20:
            break
    assert [(row.key.method, sum(row.counts)) for row in ledger._slot.rows()] == [("OTHER", 21)]


def test_what_a_dead_worker_had_not_answered_was_cut(ledger: Ledger) -> None:
    ledger.end(ledger.begin(a_scope()), 200)
    ledger.begin(a_scope())
    bury(ledger._slot)
    assert words(ledger) == (2, 2, 0.0)
    assert ledger._slot.ints[CUT[0]] == 1
