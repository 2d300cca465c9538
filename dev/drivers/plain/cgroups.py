"""The cgroups that the node's pods live in: one folder of our name in every hierarchy."""

import os
from contextlib import suppress
from pathlib import Path

from dev.waiting import until

MOUNT = Path("/sys/fs/cgroup")
DELEGATED = ("cpuset", "cpu", "io", "memory", "pids")
INHERITED = ("cpuset.cpus", "cpuset.mems")
"""Empty in a new cpuset of version 1, and nothing can run in an empty one."""


def hierarchies(mount: Path = MOUNT) -> list[Path]:
    """The roots of all hierarchies: one of version 2, or one for each controller of version 1."""
    if (mount / "cgroup.controllers").exists():
        return [mount]
    return [entry for entry in sorted(mount.iterdir()) if not entry.is_symlink() and (entry / "cgroup.procs").exists()]


def make(name: str, mount: Path = MOUNT) -> None:
    """A cgroup of that name in every hierarchy, because kubelet refuses to start without."""
    for root in hierarchies(mount):
        delegate(root)
        (root / name).mkdir(exist_ok=True)
        for inherited in INHERITED:
            if (root / inherited).exists() and not (root / name / inherited).read_text().strip():
                (root / name / inherited).write_text((root / inherited).read_text())


def delegate(root: Path) -> None:
    """Version 2 only: what kubelet accounts by must be handed down from the root; mostly it is already."""
    control = root / "cgroup.subtree_control"
    if control.exists():
        for controller in DELEGATED:
            with suppress(OSError):  # this kernel or this machine has none of it: kubelet says so if it minds
                control.write_text(f"+{controller}")


def remove(name: str, mount: Path = MOUNT) -> None:
    """Gone from every hierarchy, from the leaves up; waits for processes that are just ending."""
    until(f"the cgroups {name} to be empty", lambda: all(removed(root / name) for root in hierarchies(mount)), 15)


def removed(folder: Path) -> bool:
    """True when it is gone; tries once."""
    for parent, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            Path(parent).rmdir()
    return not folder.exists()
