"""How far the work is, for the operator and for people: in the generation's row, and at `/progress` of the ops port.

The remaining time is what the last minute's pace says of what is left to embed, which is nearly all of the time; it
is not said before there was a pace to speak of, and never for what nobody can know.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Stage = Literal["Starting", "Loading", "Embedding", "Indexing", "Verifying", "Ready", "Failed"]
SPAN = 60.0
SPOKEN_OF = 5.0
"""Seconds of a stage before its pace means something."""


@dataclass
class Progress:
    """One run's."""

    clock: Callable[[], float] = time.monotonic
    stage: Stage = "Starting"
    done: int = 0
    total: int | None = None
    """None: nobody knows how many there will be."""
    lines: int = 0
    rejected: int = 0

    def __post_init__(self) -> None:
        self._since = self.clock()
        self._marks: deque[tuple[float, int]] = deque([(self._since, 0)])

    def enter(self, stage: Stage, total: int | None = None) -> None:
        """A new stage begins."""
        self.stage, self.total, self.done = stage, total, 0
        self._since = self.clock()
        self._marks = deque([(self._since, 0)])

    def at(self, done: int) -> None:
        """So many of the stage's are done."""
        now = self.clock()
        self.done = done
        self._marks.append((now, done))
        while now - self._marks[0][0] > SPAN and len(self._marks) > 2:
            self._marks.popleft()

    def seconds_left(self) -> float | None:
        """Of this stage; None where it cannot be said."""
        (start, before), (now, done) = self._marks[0], self._marks[-1]
        if self.total is None or now - self._since < SPOKEN_OF or done <= before:
            return None
        # A pace that stands still is no pace of a minute ago: the time since the last mark counts, too.
        return (self.total - done) * (self.clock() - start) / (done - before)

    def as_json(self) -> dict[str, Any]:
        """What is told."""
        left = self.seconds_left()
        return {
            "stage": self.stage, "done": self.done, "total": self.total,
            "secondsLeft": None if left is None else round(left), "lines": self.lines, "rejected": self.rejected,
        }  # fmt: skip
