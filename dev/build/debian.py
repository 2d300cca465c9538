"""The Debian packages that the plain driver stands on, installed without starting or replacing anything.

A machine may have Docker's containerd instead of Debian's: what counts is whether the program is there, and
apt is not allowed to remove a package for our sake. Of other packages only some files are taken, into the cache.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.commands import program, run, there
from dev.errors import Missing, StepFailed
from dev.locks import locked
from dev.places import Places
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
TEMPLATES = "usr/share/prometheus/alertmanager"
TAKEN = {
    "prometheus": {"usr/bin/promtool": "promtool"},  # its Prometheus is built without Kubernetes
    "prometheus-alertmanager": {
        "usr/bin/prometheus-alertmanager": "alertmanager",
        f"{TEMPLATES}/default.tmpl": "default.tmpl",
        f"{TEMPLATES}/email.tmpl": "email.tmpl",
    },
}
"""Package that is not installed → the files that are taken out of it, and their names in the cache."""
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


def folder(places: Places) -> Path:
    """The folder of what is taken out of packages; it exists only when all of it is there."""
    return places.cache / "bin" / f"debian-{hashlib.sha256(repr(TAKEN).encode()).hexdigest()[:12]}"


def taken(places: Places) -> Path:
    """The folder, after fetching what is missing; Missing where there is no apt."""
    target = folder(places)
    if target.is_dir():
        return target
    if not (there("apt-get") and there("dpkg-deb")):
        raise Missing(f"{' and '.join(TAKEN)} are taken out of Debian's packages, and apt is not there", "use Debian")
    with locked(places.cache / "debian.lock", "another download"):
        if not target.is_dir():
            fetch(target)
    return target


def fetch(target: Path) -> None:
    """Download the packages as this user, and keep a few of their files."""
    with step(f"fetch {', '.join(TAKEN)}", usual_seconds=10), tempfile.TemporaryDirectory() as scratch:
        download(Path(scratch))
        draft = target.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for package, files in TAKEN.items():
            root = Path(scratch) / package
            (archive,) = Path(scratch).glob(f"{package}_*.deb")
            run([program("dpkg-deb"), "--extract", archive, root], seconds=SECONDS)
            for inside, name in files.items():
                shutil.copy(root / inside, draft / name)
        draft.rename(target)


def download(into: Path) -> None:
    """The packages' files; what apt knows of its mirror may be missing or old, then it is asked first."""
    command = [program("apt-get"), "download", "-q", *TAKEN]
    try:
        run(command, seconds=SECONDS, cwd=into)
    except StepFailed:
        run([program("apt-get"), "update", "-q"], seconds=SECONDS)
        run(command, seconds=SECONDS, cwd=into)


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
