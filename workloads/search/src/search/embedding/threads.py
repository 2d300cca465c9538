"""How many threads may compute: as many as the container's processor limit pays for.

A runtime that counts the node's cores starts a thread for each; under a limit of two they then wait for each other,
and the kernel stops all of them for the rest of every period.
"""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def limit(root: Path = CGROUP) -> float:
    """Processors that this container may use; those of its affinity when nothing limits it further."""
    affinity = float(len(os.sched_getaffinity(0)))
    quota = _second_version(root) or _first_version(root)
    return min(affinity, quota) if quota else affinity


def threads(workers: int = 1, root: Path = CGROUP) -> int:
    """Threads for each of so many processes; at least one."""
    return max(1, int(limit(root) / workers + 0.5))


def _second_version(root: Path) -> float | None:
    words = _words(root / "cpu.max")
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0] != "max" else None


def _first_version(root: Path) -> float | None:
    quota, period = _words(root / "cpu/cpu.cfs_quota_us"), _words(root / "cpu/cpu.cfs_period_us")
    return int(quota[0]) / int(period[0]) if quota and period and int(quota[0]) > 0 else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
