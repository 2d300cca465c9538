import pytest

from toprope_kit.memory import BUCKETS, ROWS, Memory, RowKey
from toprope_kit.service import Counter, Gauge, Service

SEEN = Counter("seen_total", "Seen.", labels={"how": "well"})
HELD = Gauge("held", "Held.")
SERVICE = Service("demo", "nowhere:create", {}, (SEEN, HELD))
KEY = RowKey("main", "GET", "/{slug}", 302)


def test_what_one_process_writes_another_reads() -> None:
    ours = Memory(SERVICE, 2)
    theirs = Memory(SERVICE, 2, ours.fd)
    theirs.slots[1].cell(SEEN).add(3)
    assert [slot.cell(SEEN).value for slot in ours.slots] == [0, 3]


def test_a_restarted_worker_goes_on_in_the_rows_of_its_predecessor() -> None:
    memory = Memory(SERVICE, 1)
    first = memory.slots[0]
    first.ints[first.row(KEY)] += 1
    again = Memory(SERVICE, 1, memory.fd).slots[0]
    again.ints[again.row(KEY)] += 1
    assert [(row.key, sum(row.counts)) for row in memory.slots[0].rows()] == [(KEY, 2)]


def test_slots_do_not_touch() -> None:
    memory = Memory(SERVICE, 2)
    last = memory.slots[0].row(KEY) + BUCKETS
    memory.slots[0].reals[last] = 1.5
    assert list(memory.slots[1].rows()) == []


def test_too_many_routes_share_what_is_left_and_none_is_uncounted() -> None:
    slot = Memory(SERVICE, 1).slots[0]
    for number in range(ROWS + 50):
        slot.ints[slot.row(RowKey("main", "GET", f"/{number}", 204))] += 1
    rows = list(slot.rows())
    assert len(rows) <= ROWS
    assert sum(sum(row.counts) for row in rows) == ROWS + 50
    assert rows[-1].key == RowKey("main", "OTHER", "other", 200)


def test_a_gauge_can_be_set_and_read() -> None:
    cell = Memory(SERVICE, 1).slots[0].cell(HELD)
    cell.set(4)
    cell.add(-1)
    assert cell.value == 3


def test_a_number_that_was_not_declared_has_no_cell() -> None:
    with pytest.raises(KeyError):
        Memory(SERVICE, 1).slots[0].cell(Counter("other_total", "Other."))


def test_more_numbers_than_there_is_room_for_are_refused() -> None:
    many = tuple(Counter(f"number_{index}_total", "One of many.") for index in range(65))
    with pytest.raises(ValueError, match="65 numbers"):
        Memory(Service("demo", "nowhere:create", {}, many), 1)
