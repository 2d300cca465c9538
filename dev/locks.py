"""Locks between commands: a file each, let go by the kernel when its holder ends, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dev.errors import DevError, NotInTime
from dev.waiting import until

LONG = 1800.0
"""As long as the longest thing that anybody does under a lock."""


@contextmanager
def locked(path: Path, whose: str, patience: float = LONG) -> Iterator[None]:
    """Hold the lock of this file; DevError, naming `whose` it is, when it is not free within `patience` seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        try:
            until(f"{whose} to end", lambda: taken(file), patience)
        except NotInTime as busy:
            raise DevError(f"{whose} is at work", "wait for it to end") from busy
        yield


def taken(file: IO[bytes]) -> bool:
    """Try once; True when we have it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
