"""One checkout at a time has the local cluster of a machine, and one command at a time works on it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dev.errors import DevError, NotInTime, OwnedElsewhere
from dev.waiting import until


@contextmanager
def command_lock(state: Path, patience: float = 0.0) -> Iterator[None]:
    """Held while a command changes the cluster; a crash lets go of it.

    DevError when another command still has it after `patience` seconds.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (state / "lock").open("wb") as lock:
        try:
            until("the other command on the cluster to end", lambda: locked(lock), patience)
        except NotInTime as busy:
            raise DevError("another `python -m dev` command is at work on the cluster", "wait for it to end") from busy
        yield


def locked(lock: IO[bytes]) -> bool:
    """Try to take a lock; True when we have it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def owner(state: Path) -> Path | None:
    """The checkout that the cluster belongs to; None when there is no cluster."""
    try:
        return Path((state / "owner").read_text().strip())
    except FileNotFoundError:
        return None


def claim(state: Path, checkout: Path) -> None:
    """This checkout has the cluster from now on; OwnedElsewhere when another one does."""
    refuse_others(state, checkout)
    draft = state / "owner.part"
    draft.write_text(f"{checkout}\n")
    draft.rename(state / "owner")


def refuse_others(state: Path, checkout: Path) -> None:
    """OwnedElsewhere when the cluster belongs to another checkout."""
    known = owner(state)
    if known is not None and known != checkout:
        raise OwnedElsewhere(known)


def release(state: Path) -> None:
    """Nobody has a cluster."""
    (state / "owner").unlink(missing_ok=True)
