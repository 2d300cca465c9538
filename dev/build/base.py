"""The base system of all images, made from Debian packages: what `python:3.11-slim-bookworm` is elsewhere.

Where a Docker engine answers, the Dockerfiles' `FROM` is pulled as usual; where none does, nothing can be
pulled, and this makes an image of that name from the machine's own Debian mirror.
"""

import hashlib
import re
import shutil
from pathlib import Path

from dev.commands import program, run
from dev.places import Places
from dev.progress import step

NAME = "docker.io/library/python:3.11-slim-bookworm"
SUITE = "bookworm"
PACKAGES = ("ca-certificates", "python3", "python3-venv", "python3-pip", "tzdata")
SECONDS = 600.0
UNNEEDED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/cache/apt",
    "var/lib/apt/lists",
)
TIDY = """
set -eu
cd "$1"
# Where Python's own image has them, and where its pip installs to.
for name in python python3 python3.11; do ln -sf /usr/bin/python3.11 "usr/local/bin/$name"; done
for name in pip pip3; do ln -sf /usr/bin/pip3 "usr/local/bin/$name"; done
mkdir -p usr/local/lib/python3.11/dist-packages
ln -sfn dist-packages usr/local/lib/python3.11/site-packages
rm -f usr/lib/python3.*/EXTERNALLY-MANAGED
for folder in {unneeded}; do rm -rf "$folder"; mkdir -p "$folder"; done
find . -xdev -name __pycache__ -prune -exec rm -rf {{}} +
"""


def key() -> str:
    """Changes when the base system would."""
    return hashlib.sha256(f"1 {SUITE} {PACKAGES} {UNNEEDED} {TIDY}".encode()).hexdigest()[:12]


def tar(places: Places) -> Path:
    """The base system as a tar; made once."""
    target = places.images / f"base-{key()}.tar"
    if target.exists():
        return target
    root = places.images / "base.part"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    with step("make the base system of the images from Debian packages", usual_seconds=80):
        bootstrap(root)
        draft = target.with_suffix(".part")
        run([program("tar"), "--numeric-owner", "--one-file-system", "-C", root, "-cf", draft, "."], seconds=SECONDS)
        draft.rename(target)
    shutil.rmtree(root)
    for other in places.images.glob("base-*.tar"):
        if other != target:
            other.unlink()
    return target


def bootstrap(root: Path) -> None:
    """Debian into a folder. In a mount namespace of its own: an interrupted one leaves no /proc mounted."""
    private = [program("unshare"), "--mount", "--propagation", "private"]
    include = f"--include={','.join(PACKAGES)}"
    run(
        [*private, program("debootstrap"), "--variant=minbase", include, SUITE, root, *mirror()],
        seconds=SECONDS,
        env={"DEBIAN_FRONTEND": "noninteractive"},
    )
    run([program("sh"), "-c", TIDY.format(unneeded=" ".join(UNNEEDED)), "sh", root], seconds=SECONDS)


def mirror(apt: Path = Path("/etc/apt")) -> tuple[str, ...]:
    """The mirror that this machine itself installs from; empty leaves the choice to debootstrap."""
    for source in (
        *sorted(apt.glob("sources.list.d/*.sources")),
        apt / "sources.list",
        *sorted(apt.glob("sources.list.d/*.list")),
    ):
        if source.is_file() and (found := mirror_in(source.read_text())):
            return (found,)
    return ()


def mirror_in(text: str) -> str | None:
    """The first Debian mirror of a sources file, in either of apt's two formats."""
    for line in text.splitlines():
        if found := re.match(r"(?:URIs:|deb(?:\s+\[.*?\])?)\s+(https?://\S+/debian)/?(?:\s|$)", line):
            return found[1]
    return None
