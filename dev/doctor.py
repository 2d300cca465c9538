"""What this machine has, what will be installed or built, and whether there is room for it.

`examined` looks (I/O), `report` judges (pure), `told` says it to a person.
"""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dev.build import base, debian
from dev.build.binaries import is_built
from dev.build.gosets import EVERYTHING, FLOOR, KIND, STAGES, Stage
from dev.build.images import project_images
from dev.commands import there
from dev.drivers import named
from dev.drivers.driver import engine_answers
from dev.drivers.plain.driver import loaded
from dev.drivers.plain.house import house
from dev.errors import Missing
from dev.places import Places

GIB = 1024**3
GO_SCRATCH = 8.0
"""GiB of Go's build cache and module sources at their largest; deleted after the build."""
BINARIES = 0.9
DOWNLOADS = 0.2
"""GiB of the Debian packages of which a few files are kept, at their largest."""
LAYERS = 1.2
"""GiB of the base system and the layers of the images."""
UNPACKED = 1.8
"""GiB of what the node unpacks of them."""
SPARE = 2.0
"""GiB for etcd, volumes and logs."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that something of ours goes to."""

    path: str
    free_gib: float
    holds: tuple[str, ...]
    """Some of `builds`, `images`, `node` and `state`."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found on the machine."""

    linux: bool
    root: bool
    debian: bool
    engine: bool
    driver: str
    python: str
    packages_missing: tuple[str, ...]
    downloads_missing: tuple[str, ...]
    """Packages that are not installed, but taken apart."""
    stages_missing: tuple[str, ...]
    usual_seconds: int
    base_missing: bool
    images_missing: bool
    disks: tuple[Disk, ...]
    cgroups_writable: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    subject: str
    state: str
    """`there`, `will be installed`, `will be fetched`, `will be built`, `not there` (and not needed) or `missing`."""
    detail: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings; those that are `missing` stand in the way."""

    driver: str
    needed_gib: float
    findings: tuple[Finding, ...]

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """What a person must see to."""
        return tuple(each for each in self.findings if each.state == "missing")

    def document(self) -> dict[str, Any]:
        """For `-o json`."""
        return {**asdict(self), "ok": not self.blockers}


def for_cluster(driver: str) -> tuple[Stage, ...]:
    """What a cluster by this driver is built from."""
    return EVERYTHING if driver != "kind" else (KIND, *(stage for stage in EVERYTHING if stage not in STAGES))


def for_tests(driver: str) -> tuple[Stage, ...]:
    """What all targets together build: the tests stand on a control plane of their own, whatever the driver."""
    cluster = for_cluster(driver)
    return (*(stage for stage in FLOOR if stage not in cluster), *cluster)


def examined(places: Places, chosen: Callable[[str], tuple[Stage, ...]], *, cluster: bool = True) -> Seen:
    """Look at this machine; changes nothing. `chosen`: what the driver of that name will build.

    Not for a `cluster` but for binaries alone: then packages and images do not matter.
    """
    engine = engine_answers()
    driver = named(engine)
    absent = [stage for stage in chosen(driver) if not is_built(places, stage)]
    plain = cluster and driver != "kind"
    return Seen(
        linux=sys.platform == "linux",
        root=os.geteuid() == 0,
        debian=there("apt-get"),
        engine=engine,
        driver=driver,
        python=".".join(str(part) for part in sys.version_info[:3]),
        packages_missing=tuple(debian.missing()) if plain else (),
        downloads_missing=tuple(debian.TAKEN) if cluster and not debian.folder(places).is_dir() else (),
        stages_missing=tuple(tool.name for stage in absent for tool in stage.tools),
        usual_seconds=sum(stage.usual_seconds for stage in absent),
        base_missing=plain and not (places.images / f"base-{base.key()}.tar").exists(),
        images_missing=plain and not {image.name for image in project_images()} <= loaded(places).keys(),
        disks=disks(places),
        cgroups_writable=os.access("/sys/fs/cgroup", os.W_OK),
    )


def report(seen: Seen) -> Report:
    """Judge what was seen."""
    checks = (driver(seen), packages(seen), downloads(seen), binaries(seen), base_system(seen))
    rooms = [room(each, needed_gib(seen, each)) for each in seen.disks]
    return Report(
        driver=seen.driver,
        needed_gib=round(sum(needed_gib(seen, each) for each in seen.disks), 1),
        findings=(Finding("Python", "there", seen.python), *checks, *rooms),
    )


def disks(places: Places) -> tuple[Disk, ...]:
    """The file systems that the folders lie on; a link or a mount may have put each on one of its own."""
    folders = {
        "builds": places.cache / "go-scratch",
        "images": places.images,
        "node": house(places).store,
        "state": places.state,
    }
    held: dict[int, list[str]] = {}
    for name, folder in folders.items():
        held.setdefault(existing(folder).stat().st_dev, []).append(name)
    return tuple(disk(folders[names[0]], names) for names in held.values())


def disk(folder: Path, names: Sequence[str]) -> Disk:
    """The file system of a folder, which need not be there yet."""
    return Disk(str(folder), shutil.disk_usage(existing(folder)).free / GIB, tuple(names))


def needed_gib(seen: Seen, where: Disk) -> float:
    """What is still to be filled of a disk, at its largest."""
    needs = {
        "builds": (GO_SCRATCH + BINARIES if seen.stages_missing else 0.0)
        + (DOWNLOADS if seen.downloads_missing else 0.0),
        "images": LAYERS if seen.images_missing or seen.base_missing else 0.0,
        "node": UNPACKED if seen.images_missing else 0.0,
        "state": SPARE,
    }
    return round(sum(needs[name] for name in where.holds), 1)


def driver(seen: Seen) -> Finding:
    """Which cluster this machine can have."""
    if seen.driver == "kind":
        if not seen.engine:
            return Finding("cluster", "missing", "kind needs a Docker engine, and none answers", "start one")
        return Finding("cluster", "there", "kind, because a Docker engine answers")
    instead = "TOPROPE_DRIVER asks for it" if seen.engine else "no Docker engine answers"
    if not (seen.linux and seen.root and seen.cgroups_writable):
        cure = "start a Docker engine, or run as root on Linux"
        return Finding("cluster", "missing", f"a node of our own ({instead}) needs Linux, root and its cgroups", cure)
    return Finding("cluster", "there", f"a node of our own: {instead}, Linux and root are there")


def packages(seen: Seen) -> Finding:
    """Debian packages."""
    if not seen.packages_missing:
        return Finding("packages", "there")
    names = ", ".join(seen.packages_missing)
    if seen.debian and seen.root:
        return Finding("packages", "will be installed", f"{names} (by apt, nothing is started, nothing is removed)")
    return Finding("packages", "missing", names, "install them with your package manager")


def downloads(seen: Seen) -> Finding:
    """Debian packages of which only a few files are wanted: promtool for tests, Alertmanager for the cluster."""
    if not seen.downloads_missing:
        return Finding("downloads", "there")
    names = ", ".join(seen.downloads_missing)
    if seen.debian:
        return Finding("downloads", "will be fetched", f"{names} (by apt, not installed; {DOWNLOADS:g} GiB)")
    if seen.driver == "kind":
        told = "promtool, which tests of rules ask for; the cluster does without, Docker fetches Alertmanager"
        return Finding("downloads", "not there", told)
    return Finding("downloads", "missing", f"{names} are taken out of Debian's packages", "use Debian, or Docker")


def binaries(seen: Seen) -> Finding:
    """What is built from Go modules."""
    if not seen.stages_missing:
        return Finding("binaries", "there")
    minutes = max(1, round(seen.usual_seconds / 60))
    return Finding("binaries", "will be built", f"{', '.join(seen.stages_missing)} (about {minutes} min on two cores)")


def base_system(seen: Seen) -> Finding:
    """What the images start from."""
    if seen.base_missing:
        return Finding("base image", "will be built", "from Debian packages (about 80 s)")
    return Finding("base image", "there")


def room(where: Disk, needed: float) -> Finding:
    """One disk."""
    detail = f"{needed:g} GiB needed, {where.free_gib:.1f} GiB free at {where.path}"
    if where.free_gib < needed:
        variable = "XDG_STATE_HOME" if where.holds == ("state",) else "XDG_CACHE_HOME"
        return Finding("disk", "missing", detail, f"free some, or set {variable} to a larger disk")
    return Finding("disk", "there", detail)


def cleared(found: Report, *subjects: str) -> str:
    """What is about to be installed and built and the disk it takes, for a person; empty when that is nothing.

    Missing when one of `subjects` (all by default) stands in the way: better now than half-way.
    """
    for each in found.blockers:
        if not subjects or each.subject in subjects:
            raise Missing(f"{each.subject}: {each.detail}", each.cure)
    coming = [each for each in found.findings if each.state.startswith("will be")]
    if not coming:
        return ""
    rooms = [f"disk: {each.detail}" for each in found.findings if each.subject == "disk"]
    return "\n".join([*(f"{each.subject} {each.state}: {each.detail}" for each in coming), *rooms])


def told(found: Report) -> str:
    """For a person."""
    lines = [f"{each.subject:<11} {each.state:<18} {each.detail}".rstrip() for each in found.findings]
    cures = [f"  → {each.subject}: {each.cure}" for each in found.blockers]
    return "\n".join([*lines, *cures])


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(each for each in (path, *path.parents) if each.exists())
