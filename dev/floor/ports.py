"""Ports on 127.0.0.1 that no other floor of this machine takes, also while its API server is stopped."""

import fcntl
import random
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dev.errors import NotInTime

FIRST, LAST = 21000, 28999  # below the range that the kernel hands to outgoing connections


@dataclass(slots=True)
class Port:
    """Held until `release` or the end of this process."""

    number: int
    claim: IO[bytes]

    def release(self) -> None:
        """Another floor may take it from now on."""
        self.claim.close()


def reserve(folder: Path) -> Port:
    """A free port; `folder` holds the claims of this user's floors."""
    folder.mkdir(parents=True, exist_ok=True)
    candidates = list(range(FIRST, LAST + 1))
    random.shuffle(candidates)
    for number in candidates:
        if port := claimed(folder, number):
            return port
    raise NotInTime(f"no port between {FIRST} and {LAST} is free on 127.0.0.1")


def claimed(folder: Path, number: int) -> Port | None:
    """The port, when neither another floor nor anybody else has it."""
    claim = (folder / f"{number}.claim").open("wb")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", number))
    except OSError:
        claim.close()
        return None
    return Port(number, claim)
