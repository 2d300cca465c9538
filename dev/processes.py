"""Long-lived processes of ours, found by a mark that they carry and not by a number written down.

Every process is started with `TOPROPE_HOUSE=<folder>` and `TOPROPE_ROLE=<name>` in its environment, and
its children inherit both. So whoever comes later, also after a crash of ours at any instant, finds exactly
the processes that belong to a folder; a recorded process id could be missing, or belong to a stranger.

A process that is to end with the one that started it carries `TOPROPE_OWNER` (see `owned`) instead.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HOUSE = "TOPROPE_HOUSE"
ROLE = "TOPROPE_ROLE"
OWNER = "TOPROPE_OWNER"
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A living process of one house."""

    pid: int
    role: str


def start(
    house: Path,
    role: str,
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process in `house` with its log at `<house>/log/<role>.log`; it outlives its parent."""
    (house / "log").mkdir(parents=True, exist_ok=True)
    with (house / "log" / f"{role}.log").open("ab") as log:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=house,
            env={**os.environ, **(env or {}), HOUSE: str(house), ROLE: role},
            start_new_session=True,  # Ctrl-C in the terminal is for us, not for the cluster
            pass_fds=pass_fds,
        )


def living(house: Path) -> list[Process]:
    """Every living process of a house, in the order of their ids."""
    found = [process for where, process in marked() if where == str(house)]
    return sorted(found, key=lambda process: process.pid)


def houses_with(role: str) -> set[Path]:
    """Every house of this machine in which a process of that role lives."""
    return {Path(where) for where, process in marked() if process.role == role}


def marked() -> Iterator[tuple[str, Process]]:
    """Every process but this one that carries the mark, with its house."""
    for entry in numbered():
        marks = environment_of(entry)
        if HOUSE in marks:
            yield marks[HOUSE], Process(int(entry.name), marks.get(ROLE, ""))


def owned() -> dict[str, str]:
    """The mark, for the environment of a process that is to end with this one; a crash of ours leaves it to `sweep`."""
    return {OWNER: f"{id_space()} {os.getpid()} {born(os.getpid())}"}


def sweep() -> None:
    """End every process whose owner is gone."""
    lost = []
    for entry in numbered():
        space, _, owner = environment_of(entry).get(OWNER, "").partition(" ")
        pid, _, birth = owner.partition(" ")
        # What runs in a container counts its processes anew: its owner cannot be looked for from here.
        if space == id_space() and born(int(pid)) != birth:
            lost.append(Process(int(entry.name), "owned"))
    stop(lost, grace=0)


def id_space() -> str:
    """Within which process ids mean the same as for us."""
    return str((PROC / "self/ns/pid").readlink())


def numbered() -> list[Path]:
    """The folder of every process but this one; none on a system without /proc."""
    return [entry for entry in PROC.glob("[0-9]*") if int(entry.name) != os.getpid()]


def environment_of(entry: Path) -> dict[str, str]:
    """A process's environment as it was started; empty when it is gone, a zombie or not ours to read."""
    with suppress(OSError):
        pairs = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
        return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    return {}


def stop(processes: Sequence[Process], grace: float) -> None:
    """Ask them to end, wait `grace` seconds for all of them together, end the rest; all are gone on return.

    Without grace nobody is asked: they end as in a crash.
    """
    # A pidfd keeps naming the same process, also when its number is given to another one meanwhile.
    handles = {pid: fd for pid in (process.pid for process in processes) if (fd := opened(pid)) is not None}
    try:
        kindly = [(signal.SIGTERM, grace)] if grace > 0 else []
        for sign, patience in (*kindly, (signal.SIGKILL, 10.0)):
            send(list(handles.values()), sign)
            gone = wait_gone(handles, patience)
            for pid in gone:
                os.close(handles.pop(pid))
            if not handles:
                return
    finally:
        for fd in handles.values():
            os.close(fd)


def opened(pid: int) -> int | None:
    """A pidfd, or None when the process is already gone."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def send(handles: Sequence[int], sign: signal.Signals) -> None:
    """The signal to each of them that still lives."""
    for fd in handles:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(fd, sign)


def wait_gone(handles: Mapping[int, int], seconds: float) -> list[int]:
    """The ids of those that ended within `seconds`; returns at once when all did."""
    poll, waiting = select.poll(), {fd: pid for pid, fd in handles.items()}
    for fd in waiting:
        poll.register(fd, select.POLLIN)
    gone: list[int] = []
    deadline = time.monotonic() + seconds
    while waiting and (left := deadline - time.monotonic()) > 0:
        for fd, _ in poll.poll(left * 1000):
            poll.unregister(fd)
            gone.append(waiting.pop(fd))
    return gone


def born(pid: int) -> str:
    """When a process started (boot and clock ticks); empty when it is gone. With it an id is never mistaken."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return f"{boot}-{fields[19]}" if fields[0] != "Z" else ""
