"""The counters of all worker processes, in one piece of memory that outlives each of them.

Every worker writes its own slot and nobody else's, so there are no locks; the supervisor reads all slots and adds up,
always as fresh as the last request. A slot stays when its worker dies: the next one goes on counting in it.
prometheus_client's multiprocess mode was not taken: it writes one file a process, folds histograms by parsing labels
at every scrape, and knows neither unfinished requests nor what a dead worker held.

    slot:  header │ NUMBERS of the service │ ROWS of (labels │ 22 buckets │ sum)

A word is eight aligned bytes, written in one instruction: a reader never sees half a number.
"""

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass

from toprope_kit.service import Counter, Gauge, Service

BOUNDS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 5.0,
    10.0,
)  # fmt: skip
"""Upper bounds of the histogram's buckets in seconds; any latency objective is one of them."""

CLASSES = ("main", "preview")
BUCKETS = len(BOUNDS) + 1

WORD = 8
# Header words. `oldest` is the monotonic start of the oldest unfinished request, 0 without one.
PID, HEARTBEAT, ROW_COUNT = 0, 1, 2
STARTED, FINISHED, CUT, OLDEST = (4, 8), (5, 9), (6, 10), (7, 11)
NUMBERS_AT, NUMBERS = 16, 64
LABEL_WORDS = 24
ROWS_AT, ROWS = NUMBERS_AT + NUMBERS, 512
ROW_WORDS = LABEL_WORDS + BUCKETS + 1
SLOT_WORDS = ROWS_AT + ROWS * ROW_WORDS
OVERFLOW = "other"


@dataclass(frozen=True, order=True)
class RowKey:
    """The labels of one histogram row."""

    route_class: str
    method: str
    route: str
    status: int


@dataclass(frozen=True)
class Row:
    """One histogram row as it stands: counts by bucket (not cumulative) and the sum in seconds."""

    key: RowKey
    counts: tuple[int, ...]
    seconds: float


class Slot:
    """One worker's counters; written by that worker alone."""

    def __init__(self, words: memoryview, service: Service) -> None:
        self.ints = words.cast("q")
        self.reals = words.cast("d")
        self._places = {number: NUMBERS_AT + index for index, number in enumerate(service.numbers)}
        self._keys: dict[int, RowKey] = {}
        self._rows = {row.key: at for at, row in self._read_rows()}

    def cell(self, number: Counter | Gauge) -> "Cell":
        """The place of one of the service's numbers; KeyError when the service did not declare it."""
        return Cell(self.reals, self._places[number])

    def row(self, key: RowKey) -> int:
        """First word of the row's buckets; made on first use. When all rows are taken, routes share what is left."""
        at = self._rows.get(key)
        return self._new_row(key) if at is None else at

    def rows(self) -> Iterator[Row]:
        """All rows written so far; may be called by the supervisor while the worker goes on writing."""
        for _, row in self._read_rows():
            yield row

    def _new_row(self, key: RowKey) -> int:
        count = self.ints[ROW_COUNT]
        # The last rows are kept for the overflow, so that a request is never left uncounted.
        if count >= ROWS - len(CLASSES) * 8 and key.route != OVERFLOW:
            return self.row(RowKey(key.route_class, "OTHER", OVERFLOW, key.status // 100 * 100))
        at = ROWS_AT + count * ROW_WORDS
        self._write_labels(at, key)
        # Published last: a reader that sees the new count sees whole labels.
        self.ints[ROW_COUNT] = count + 1
        self._rows[key] = at + LABEL_WORDS
        return at + LABEL_WORDS

    def _write_labels(self, at: int, key: RowKey) -> None:
        text = f"{key.route_class} {key.status} {key.method} {key.route}".encode()[: LABEL_WORDS * WORD]
        raw = self.ints.cast("B")
        raw[at * WORD : at * WORD + len(text)] = text

    def _read_labels(self, at: int) -> RowKey:
        raw = bytes(self.ints.cast("B")[at * WORD : (at + LABEL_WORDS) * WORD])
        text = raw.rstrip(b"\0").decode(errors="replace")
        route_class, status, method, route = text.split(" ", 3)
        return RowKey(route_class, method, route, int(status))

    def _read_rows(self) -> Iterator[tuple[int, Row]]:
        for index in range(self.ints[ROW_COUNT]):
            buckets = ROWS_AT + index * ROW_WORDS + LABEL_WORDS
            counts = tuple(self.ints[buckets : buckets + BUCKETS])
            yield buckets, Row(self._key_at(buckets), counts, self.reals[buckets + BUCKETS])

    def _key_at(self, buckets: int) -> RowKey:
        if buckets not in self._keys:
            self._keys[buckets] = self._read_labels(buckets - LABEL_WORDS)
        return self._keys[buckets]


class Cell:
    """One number of one worker. Adding costs about a tenth of a microsecond and is not for threads."""

    __slots__ = ("_at", "_reals")

    def __init__(self, reals: "memoryview[float]", at: int) -> None:
        self._reals = reals
        self._at = at

    def add(self, amount: float = 1) -> None:
        """Let the number grow by `amount`."""
        self._reals[self._at] += amount

    def set(self, value: float) -> None:
        """Replace the number."""
        self._reals[self._at] = value

    @property
    def value(self) -> float:
        """The number as this worker wrote it."""
        return float(self._reals[self._at])


class Memory:
    """All slots. The file behind it has no name: it is handed to the workers as an open descriptor."""

    def __init__(self, service: Service, workers: int, fd: int | None = None) -> None:
        if len(service.numbers) > NUMBERS:
            raise ValueError(f"{service.name} declares {len(service.numbers)} numbers; there is room for {NUMBERS}.")
        size = workers * SLOT_WORDS * WORD
        if fd is None:
            fd = os.memfd_create("toprope-counters")
            os.ftruncate(fd, size)
        self.fd = fd
        self._map = mmap.mmap(fd, size)
        view = memoryview(self._map)
        length = SLOT_WORDS * WORD
        self.slots = [Slot(view[i * length : (i + 1) * length], service) for i in range(workers)]
