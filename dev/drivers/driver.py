"""What every driver can do, and whether a Docker engine answers."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dev.build.images import Image

ENGINE_SECONDS = 10.0


class Driver(Protocol):
    """A local cluster. Every method may be repeated, and may follow on an interruption at any point."""

    name: str

    def up(self) -> None:
        """A cluster with a Ready node, cluster DNS, a default StorageClass and room for the gateway."""

    def build_images(self, images: Sequence[Image]) -> None:
        """Build what changed since the last time."""

    def load_image(self, image: Image) -> None:
        """Make a built image known to the node under its name; quick when it is known already."""

    def kubeconfig(self) -> Path:
        """An administrator's kubeconfig; Missing when no cluster is up."""

    def is_up(self) -> bool:
        """True when its API server answers."""

    def lives(self) -> bool:
        """True when anything of the cluster runs, whether or not it is whole."""

    def down(self) -> None:
        """No process, mount, network namespace, link, cgroup or iptables rule is left."""


def engine_answers() -> bool:
    """True where a Docker engine answers."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        asked = subprocess.run([docker, "info"], capture_output=True, timeout=ENGINE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0
