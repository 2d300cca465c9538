"""Tells a person what a long step does, how long it has taken, how far it is and about how long is left.

On a terminal one line is rewritten each second; elsewhere a line is printed at the start, at the end and
now and then in between, so that a log stays readable.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

PLAIN_EVERY = 30.0
"""Seconds between lines where nobody watches."""


@dataclass(slots=True)
class Step:
    """One step under way. Whoever does it moves `done` towards `total`."""

    what: str
    total: int = 0
    usual_seconds: float = 0.0
    """How long it usually takes; the estimate until `done` says more."""
    done: int = 0
    doing: str = ""
    begun: float = field(default_factory=time.monotonic)

    def line(self, now: float) -> str:
        """What a person reads about it at this moment."""
        elapsed = now - self.begun
        parts = [self.what]
        if self.total:
            parts.append(f"{self.done} of {self.total}")
        if self.doing:
            parts.append(self.doing)
        parts.append(spoken(elapsed))
        if (left := self.left(elapsed)) is not None:
            parts.append(f"about {spoken(left)} left")
        return ", ".join(parts)

    def left(self, elapsed: float) -> float | None:
        """Seconds that are probably left; None when nothing is known."""
        share = self.done / self.total if self.total else 0.0
        # Early on the measured pace says little: start-up and cached parts distort it.
        if share > 0.1 and elapsed > 5:
            return elapsed * (1 - share) / share
        return max(self.usual_seconds - elapsed, 0.0) or None


def spoken(seconds: float) -> str:
    """`4 s`, `1 min 52 s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def step(what: str, *, total: int = 0, usual_seconds: float = 0.0, out: TextIO | None = None) -> Iterator[Step]:
    """Show a step while the body runs; its last line says how long it took, also when it failed."""
    stream = out or sys.stderr
    current, ended = Step(what, total, usual_seconds), threading.Event()
    show = rewriting if stream.isatty() else repeating
    shower = threading.Thread(target=show, args=(current, ended, stream), daemon=True)
    shower.start()
    outcome = "failed after"
    try:
        yield current
        outcome = "done in"
    finally:
        ended.set()
        shower.join()
        clear = "\r\033[K" if stream.isatty() else ""
        print(f"{clear}{what}: {outcome} {spoken(time.monotonic() - current.begun)}", file=stream, flush=True)


def rewriting(current: Step, ended: threading.Event, stream: TextIO) -> None:
    """One line of a terminal, rewritten each second."""
    while not ended.wait(1):
        print(f"\r\033[K{current.line(time.monotonic())} …", end="", file=stream, flush=True)


def repeating(current: Step, ended: threading.Event, stream: TextIO) -> None:
    """A plain line now and then; none for what is over quickly."""
    pause = 2.0
    while not ended.wait(pause):
        print(f"{current.line(time.monotonic())} …", file=stream, flush=True)
        pause = PLAIN_EVERY
