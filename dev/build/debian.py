"""The Debian packages that the plain driver stands on, installed without starting or replacing anything.

A machine may have Docker's containerd instead of Debian's: what counts is whether the program is there, and
apt is not allowed to remove a package for our sake. Of other packages only some files are taken, into the cache.
"""

import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
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
ASLEEP = "#!/bin/sh\n# Toprope's (dev/build/debian.py): deleted when its packages are installed.\nexit 101\n"
LOCK = Path("/run/toprope-packages.lock")
"""Of the whole machine, as the packages are."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS = 900.0


def missing(is_there: Callable[[str], bool] = there) -> list[str]:
    """The packages that would be installed, sorted."""
    return sorted({package for name, package in PACKAGES.items() if not is_there(name)})


def install() -> None:
    """Install what is missing, complete what a killed run left; Missing when this is no Debian or we are not root."""
    if not missing() and not (os.geteuid() == 0 and left_behind(POLICY)):
        return
    if not there("apt-get") or os.geteuid() != 0:
        raise Missing(f"these packages are missing: {', '.join(missing())}", "install them, or run as root on Debian")
    with locked(LOCK, "another installation of packages"):
        wanted = missing()
        what = f"install {', '.join(wanted)}" if wanted else "complete an interrupted installation of packages"
        with step(what, usual_seconds=30), to_its_end(), services_asleep():
            for command in commands(wanted):
                run(command, seconds=SECONDS, env={"DEBIAN_FRONTEND": "noninteractive"}, own_session=True)
        if "containerd" in wanted and there("systemctl"):
            # Only its program is wanted; installed by us, its service must not come up with the next boot either.
            run([program("systemctl"), "disable", "containerd.service"], seconds=SECONDS)


def commands(wanted: Sequence[str]) -> list[list[str]]:
    """What installs these packages; first what an interrupted installation left unpacked is configured."""
    configure, apt = [program("dpkg"), "--configure", "-a"], program("apt-get")
    if not wanted:
        return [configure]
    flags = ["-y", "--no-install-recommends", "--no-remove", "--no-upgrade"]
    return [configure, [apt, "update", "-q"], [apt, "install", *flags, *wanted]]


@contextmanager
def to_its_end() -> Iterator[None]:
    """A signal that asks us to end is obeyed when the block is left, and not amid dpkg's work."""
    heard: list[int] = []
    kept = {number: signal.signal(number, lambda number, _: heard.append(number)) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])


def left_behind(policy: Path) -> bool:
    """Whether the file is ours, of a run that was killed before it could delete it."""
    return policy.exists() and policy.read_text(errors="replace") == ASLEEP


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
    """Debian asks this file whether a freshly installed service may start: no. Another's file stays."""
    if policy.exists() and not left_behind(policy):
        yield
        return
    policy.write_text(ASLEEP)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()
