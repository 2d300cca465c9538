"""The Debian packages that the plain driver stands on, installed without starting or replacing anything.

A machine may have Docker's containerd instead of Debian's: what counts is whether the program is there, and
apt is not allowed to remove a package for our sake.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.commands import program, run, there
from dev.errors import Missing
from dev.progress import step

PACKAGES = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "tar": "tar",
}
"""Program → the package that carries it."""
POLICY = Path("/usr/sbin/policy-rc.d")
SECONDS = 900.0


def missing(is_there: Callable[[str], bool] = there) -> list[str]:
    """The packages that would be installed, sorted."""
    return sorted({package for name, package in PACKAGES.items() if not is_there(name)})


def install() -> None:
    """Install what is missing; Missing when this is no Debian or we are not root."""
    wanted = missing()
    if not wanted:
        return
    if not there("apt-get") or os.geteuid() != 0:
        raise Missing(f"these packages are missing: {', '.join(wanted)}", "install them, or run as root on Debian")
    with step(f"install {', '.join(wanted)}", usual_seconds=30), services_asleep():
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        run([program("apt-get"), "update", "-q"], seconds=SECONDS, env=environment)
        flags = ["install", "-y", "--no-install-recommends", "--no-remove", "--no-upgrade"]
        run([program("apt-get"), *flags, *wanted], seconds=SECONDS, env=environment)
    if "containerd" in wanted and there("systemctl"):
        # Only its program is wanted; installed by us, its service must not come up with the next boot either.
        run([program("systemctl"), "disable", "containerd.service"], seconds=SECONDS)


@contextmanager
def services_asleep(policy: Path = POLICY) -> Iterator[None]:
    """Debian asks this file whether a freshly installed service may start: no. One that is there already stays."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()
