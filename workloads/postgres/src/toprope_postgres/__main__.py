"""`python -m toprope_postgres`: make the cluster if there is none, then serve until SIGTERM."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from toprope_postgres.cluster import lock, prepare
from toprope_postgres.place import CannotServe, leave, place
from toprope_postgres.server import Server


def stop_at_once(number: int, frame: FrameType | None) -> NoReturn:
    """Before the server runs there is nothing to keep."""
    sys.exit(128 + number)


def main() -> int:
    """0 after a clean shutdown, 1 when it could not serve."""
    # The first process of a container ignores every signal that it does not ask for.
    signal.signal(signal.SIGTERM, stop_at_once)
    here = place(os.environ)
    try:
        lock(here)
        prepare(here)
        return Server(here).serve()
    except CannotServe as cause:
        leave(here, str(cause))
    except OSError as cause:
        leave(here, f"{cause.filename or here.data}: {cause.strerror}.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
