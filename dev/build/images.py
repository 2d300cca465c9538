"""The images of the local cluster: the project's own from its Dockerfiles, and those of what was built elsewhere.

An image is built again only when something that goes into it changed: its inputs are hashed, and the hash
stands on the built image as a label.
"""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dev.errors import Missing
from dev.places import CHECKOUT

PREFIX = "docker.io/toprope"
VERSION_FILE = CHECKOUT / "operator" / "src" / "toprope" / "__init__.py"
INPUT_LABEL = "dev.toprope.inputs"
PARTS = {
    "shortener": ("workloads/shortener", "workloads/kit", "requirements/shortener.txt"),
    "search": ("workloads/search", "workloads/kit", "requirements/search.txt", "requirements/model.txt"),
    "postgres": ("workloads/postgres", "requirements/postgres.txt"),
    "cache": ("workloads/cache", "requirements/cache.txt"),
    "operator": ("operator", "requirements/operator.txt"),
}
"""What of the repository goes into each project image, beside its Dockerfile."""
DOCKERFILES = {name: f"workloads/{name}/Dockerfile" for name in ("shortener", "search", "postgres", "cache")} | {
    "operator": "operator/Dockerfile"
}
IGNORED = {"__pycache__", "tests", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


@dataclass(frozen=True, slots=True)
class Image:
    """One image: its full name, how it is built and what goes into it."""

    name: str
    dockerfile: Path
    context: Path
    inputs: tuple[Path, ...]
    """Files and folders whose content decides whether it is built again."""

    @property
    def fingerprint(self) -> str:
        """Changes when an input does, its mode included."""
        digest = hashlib.sha256()
        for path in files_of((self.dockerfile, *self.inputs)):
            name = os.path.relpath(path, self.context)
            digest.update(f"{name}\0{path.stat().st_mode & 0o111}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:16]


class Builder(Protocol):
    """Builds images on this machine."""

    def build(self, image: Image) -> None:
        """Build it, quickly when nothing changed."""

    def fingerprint(self, name: str) -> str | None:
        """The inputs' hash that a built image carries; None when there is no such image."""


def files_of(paths: Sequence[Path]) -> list[Path]:
    """All files below these paths that go into an image, sorted."""
    found = [each for path in paths for each in ([path] if path.is_file() else path.rglob("*"))]
    return sorted({each for each in found if each.is_file() and not IGNORED.intersection(each.parts)})


def version(file: Path = VERSION_FILE) -> str:
    """The operator's version: the tag of all project images."""
    found = (
        re.search(r'^__version__\s*(?::\s*\w+)?\s*=\s*"([^"]+)"', file.read_text(), re.MULTILINE)
        if file.exists()
        else None
    )
    if found is None:
        raise Missing(f'{file} has no line `__version__ = "…"`', "the images' tag is read from it")
    return found[1]


def project_images(names: Sequence[str] = (), checkout: Path = CHECKOUT) -> list[Image]:
    """The project's images (all of them, or those named); those whose Dockerfile is not there are left out."""
    tag = version()
    return [
        Image(
            f"{PREFIX}/{name}:{tag}",
            checkout / dockerfile,
            checkout,
            tuple(path for part in PARTS[name] if (path := checkout / part).exists()),
        )
        for name, dockerfile in DOCKERFILES.items()
        if (not names or name in names) and (checkout / dockerfile).exists()
    ]


def binary_image(name: str, tag: str, *files: Path) -> Image:
    """An image that holds these files of one folder; its Dockerfile is `dev/images/<name>/Dockerfile`."""
    dockerfile = CHECKOUT / "dev" / "images" / name / "Dockerfile"
    return Image(f"{PREFIX}/{name}:{tag}", dockerfile, files[0].parent, files)
