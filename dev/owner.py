"""One checkout at a time has the local cluster of a machine, and one command at a time works on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.errors import OwnedElsewhere
from dev.locks import locked


@contextmanager
def command_lock(state: Path, patience: float = 0.0) -> Iterator[None]:
    """Held while a command changes the cluster.

    DevError when another command still has it after `patience` seconds.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(state / "lock", "another `python -m dev` command on the cluster", patience):
        yield


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
