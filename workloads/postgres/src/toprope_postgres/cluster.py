"""The cluster on the volume: made once, whole or not at all, and never changed by a later start.

    empty volume ─► .pgdata.new: initdb, roles, database, extension, one sync ─► renamed to pgdata

Killed anywhere before the rename, the next start begins anew. Passwords are set here and nowhere else.

`postgres`, who made the cluster, is the only role above row-level security; it has no password and comes in through
the socket alone. `owner` owns the database, may change its own password and that of `app`, and nothing more.
"""

import fcntl
import os
import shutil
import subprocess
import time
from pathlib import Path

from toprope_postgres.place import SUPERUSER, CannotServe, Place

MAJOR = "18"
# A pod that is being replaced may need its grace time to let go of the volume.
LOCK_TRIES, LOCK_PAUSE = 60, 0.5


def lock(place: Place) -> None:
    """Be the only server on this volume; the lock ends with the last process that holds it, however that ends."""
    place.data.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    # Postgres' processes hold it too: they may outlive us.
    os.set_inheritable(handle, True)
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE)
        else:
            return
    raise CannotServe("Another server has held this volume for 30 s: delete the other pod that mounts it.")


def prepare(place: Place) -> None:
    """Make the cluster where there is none; refuse what is not ours to change."""
    version = place.data / "PG_VERSION"
    if version.exists():
        if (found := version.read_text().strip()) != MAJOR:
            raise CannotServe(f"The volume holds Postgres {found}, this is {MAJOR}: dump it there and restore it here.")
        return
    if place.data.exists() and any(place.data.iterdir()):
        raise CannotServe(f"{place.data} is not empty and holds no cluster: empty it, or mount the right volume.")
    create(place)


def create(place: Place) -> None:
    """A new cluster with its two roles, its database and the vector extension; the volume must be empty."""
    app, owner = password(place, "app-password"), password(place, "owner-password")
    shutil.rmtree(place.fresh, ignore_errors=True)
    run([
        place.bin / "initdb", "-D", place.fresh, "-U", SUPERUSER, "--auth=reject", "--encoding=UTF8", "--locale=C",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions",
    ])  # fmt: skip
    run([place.bin / "postgres", "--single", "-j", "-D", place.fresh, "template1"], statements(app, owner))
    # Written once, at the end, instead of after each of a thousand files.
    run([place.bin / "initdb", "--sync-only", "--sync-method=syncfs", "-D", place.fresh])
    if place.data.exists():
        place.data.rmdir()
    place.fresh.rename(place.data)
    sync(place.data.parent)


def password(place: Place, name: str) -> str:
    """A password from the Secret; CannotServe when it is not there or is more than a line."""
    file = place.secrets / name
    try:
        found = file.read_text().removesuffix("\n")
    except OSError as error:
        raise CannotServe(f"{file} cannot be read ({error.strerror}): mount the Secret there.") from None
    if not found or "\n" in found:
        raise CannotServe(f"{file} must hold one line, the password.")
    return found


def statements(app_password: str, owner_password: str) -> str:
    """The SQL that makes the cluster ours; single-user mode ends a statement at a blank line."""
    plain = "LOGIN NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS"
    return "".join(f"{statement};\n\n" for statement in (
        "CREATE EXTENSION vector",
        f"CREATE ROLE app {plain} NOCREATEROLE PASSWORD {literal(app_password)}",
        # To give another role a password takes both: CREATEROLE, and the admin option on that role.
        f"CREATE ROLE owner {plain} CREATEROLE PASSWORD {literal(owner_password)}",
        "GRANT app TO owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
        "CREATE DATABASE app OWNER owner",
        "REVOKE ALL ON DATABASE app FROM PUBLIC",
        "GRANT CONNECT ON DATABASE app TO app",
        "REVOKE ALL ON DATABASE postgres FROM PUBLIC",
    ))  # fmt: skip


def literal(text: str) -> str:
    """The text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def run(command: list[str | Path], text: str = "") -> None:
    """Run one of Postgres' own programs; CannotServe with the last line that it said."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    # The lock's descriptor goes along: should we be killed, the volume is not free before this program has ended.
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, env=environment, close_fds=False
    )
    # Single-user mode goes on after a failed statement and ends with 0. Its lines may repeat a statement.
    said = [line for line in done.stderr.splitlines() if "PASSWORD" not in line]
    failed = [line for line in said if "ERROR:" in line or "FATAL:" in line or "PANIC:" in line]
    if done.returncode != 0 or failed:
        reason = (failed or said or [f"exit code {done.returncode}"])[-1].strip()
        raise CannotServe(f"{Path(command[0]).name} could not make the cluster: {reason}")


def sync(folder: Path) -> None:
    """Make a rename in this folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
