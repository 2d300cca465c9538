"""A full volume makes the database read-only, never dead.

Postgres ends itself when it cannot write its log, and cannot start again without room for one more log file: a volume
that is full once would stay down for ever. So two things are kept away from it:

    writable ──less than LOW free──► read-only: reading goes on, writing is refused (SQLSTATE 25006)
       ▲                                 │
       └──more than LOW + BALLAST free───┘        (the volume has grown, or something was deleted)

and a ballast file, given up when the volume filled faster than anybody looked: with its space the server starts again.
`SET default_transaction_read_only = off` in a session of the owner writes all the same, to delete what is too much.
"""

import os

from toprope_postgres.place import Place, say

MEBIBYTE = 1024 * 1024
LOW = 48 * MEBIBYTE
BALLAST = 32 * MEBIBYTE


def free(place: Place) -> int:
    """Bytes that may still be written to the volume."""
    volume = os.statvfs(place.data.parent)
    return volume.f_bavail * volume.f_frsize


def read_only(was: bool, free_bytes: int) -> bool:
    """Whether writing is refused now; the gap between the two bounds keeps it from changing to and fro."""
    return free_bytes < (LOW + BALLAST if was else LOW)


def fill_ballast(place: Place) -> None:
    """Reserve the ballast where that leaves the volume writable; a small or full volume goes without."""
    if place.ballast.exists() or free(place) < LOW + 2 * BALLAST:
        return
    try:
        handle = os.open(place.ballast, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, BALLAST)
        finally:
            os.close(handle)
    except OSError:
        place.ballast.unlink(missing_ok=True)


def drop_ballast(place: Place) -> bool:
    """Give up the ballast; False when there is none to give."""
    if not place.ballast.exists():
        return False
    place.ballast.unlink()
    say("the volume is full; its reserve of 32 MiB is given up so that the server can start, read-only")
    return True
