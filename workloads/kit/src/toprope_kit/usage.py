"""Memory and CPU of this process and its children, from /proc; nothing else of the machine."""

import os
import resource
from collections.abc import Iterable
from pathlib import Path

OWN = os.getpid()
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def resident_bytes(pids: Iterable[int]) -> int:
    """Resident memory of the processes that still run. Shared pages count once for each."""
    return sum(_pages(pid) for pid in pids) * _PAGE


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of the given children, of those that ended, and of this process."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime + sum(_seconds(pid) for pid in pids)


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
