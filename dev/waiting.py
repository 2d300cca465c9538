"""Waits for a condition with a deadline, never for an amount of time."""

import time
from collections.abc import Callable
from typing import TypeVar

from dev.errors import NotInTime

T = TypeVar("T")


def until(what: str, look: Callable[[], T | None], seconds: float, pause: float = 0.1) -> T:
    """The first true value that `look` returns; NotInTime, naming `what`, when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() >= deadline:
            raise NotInTime(f"waited {seconds:g} s for {what}", "`python -m dev status` names the logs to read")
        time.sleep(pause)
