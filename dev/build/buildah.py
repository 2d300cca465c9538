"""Builds images without Docker, by buildah, in a storage of our own.

Every call runs in a mount namespace of its own, so that an interrupted build leaves no mount behind.
"""

import ast
import json
import os
import shutil
import sys
from pathlib import Path

from dev.build import base
from dev.build.images import INPUT_LABEL, Image
from dev.commands import program, run
from dev.errors import StepFailed
from dev.places import Places
from dev.progress import step

BUILD_SECONDS = 1200.0
QUICK_SECONDS = 120.0
CERTIFICATES = Path("/etc/ssl/certs")
PIP_SETTINGS = {"index-url", "extra-index-url", "trusted-host", "cert", "proxy", "default-timeout", "retries"}
"""Those that hold inside a build as well; folders of this machine do not."""


class Buildah:
    """Builds into `<cache>/images`."""

    def __init__(self, places: Places) -> None:
        self.places = places
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        # What buildah keeps here describes mounts, and those do not survive a restart of the machine.
        self.run_root = places.images / f"run-{boot}"

    def command(self, *words: str | Path) -> list[str | Path]:
        """A buildah command on our storage."""
        private = [program("unshare"), "--mount", "--propagation", "private"]
        storage = [f"--root={self.places.images / 'storage'}", f"--runroot={self.run_root}", "--storage-driver=overlay"]
        return [*private, program("buildah"), *storage, *words]

    def call(self, *words: str | Path, seconds: float = QUICK_SECONDS) -> str:
        """Run one; its output."""
        return run(self.command(*words), seconds=seconds, env={"BUILDAH_ISOLATION": "chroot"})

    def fingerprint(self, name: str) -> str | None:
        """The inputs' hash that a built image carries; None when there is no such image."""
        config = self.config(name)
        return None if config is None else (config.get("Labels") or {}).get(INPUT_LABEL)

    def config(self, name: str) -> dict[str, dict[str, str]] | None:
        """An image's configuration; None when there is no such image."""
        try:
            asked = self.call("inspect", "--type", "image", name)
        except StepFailed:
            return None
        configuration: dict[str, dict[str, str]] = json.loads(asked)["OCIv1"]["config"]
        return configuration

    def identity(self, name: str) -> str:
        """Changes when the image does."""
        return self.call("images", "--quiet", "--no-trunc", name).strip()

    def build(self, image: Image) -> None:
        """Build it unless an image of the same inputs is there."""
        wanted = self.wanted(image)
        if self.fingerprint(image.name) == wanted:
            return
        from_base = needs_base(image)
        if from_base:
            self.ensure_base()
        with step(f"build the image {image.name}", usual_seconds=40 if from_base else 5):
            label = f"--label={INPUT_LABEL}={wanted}"
            flags = [
                "--layers",
                "--pull=never",
                "--network=host",
                "--format=docker",
                label,
                *pip_flags(self.places.images),
            ]
            self.call(
                "build", *flags, "--tag", image.name, "--file", image.dockerfile, image.context, seconds=BUILD_SECONDS
            )
            # The build that this one replaced, and layers that no image stands on any more.
            self.call("rmi", "--prune", "--force", seconds=BUILD_SECONDS)

    def wanted(self, image: Image) -> str:
        """The hash of everything that goes into an image, the base system included."""
        return f"{image.fingerprint}-{base.key()}" if needs_base(image) else image.fingerprint

    def ensure_base(self) -> None:
        """The base system as an image under the name that the Dockerfiles use."""
        if self.fingerprint(base.NAME) == base.key():
            return
        tar = base.tar(self.places)
        with step(f"make the image {base.NAME}", usual_seconds=15):
            folder = self.places.images / "base-context"
            folder.mkdir(parents=True, exist_ok=True)
            dockerfile = folder / "Dockerfile"
            dockerfile.write_text(f'FROM scratch\nADD {tar.name} /\nENV LANG=C.UTF-8\nCMD ["python3"]\n')
            link = folder / tar.name
            link.unlink(missing_ok=True)
            os.link(tar, link)
            label = f"--label={INPUT_LABEL}={base.key()}"
            self.call(
                "build",
                "--format=docker",
                label,
                "--tag",
                base.NAME,
                "--file",
                dockerfile,
                folder,
                seconds=BUILD_SECONDS,
            )
            shutil.rmtree(folder)

    def archive(self, image: Image, target: Path) -> None:
        """The image as a file that a container runtime can import."""
        target.unlink(missing_ok=True)
        self.call(
            "push", "--disable-compression", image.name, f"docker-archive:{target}:{image.name}", seconds=BUILD_SECONDS
        )


def needs_base(image: Image) -> bool:
    """True when its Dockerfile starts from the base system."""
    return base.NAME.removeprefix("docker.io/library/") in image.dockerfile.read_text()


def pip_flags(folder: Path) -> list[str]:
    """This machine's pip configuration and certificates: seen while building, not left in the image."""
    asked = run([sys.executable, "-m", "pip", "config", "list"], seconds=QUICK_SECONDS)
    settings = folder / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(pip_settings(asked))
    return [f"--volume={CERTIFICATES}:{CERTIFICATES}:ro", f"--volume={settings}:/etc/pip.conf:ro"]


def pip_settings(listed: str) -> str:
    """A pip.conf of what `pip config list` prints, wherever each setting came from, for those that hold in a build."""
    found: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        setting = name.rpartition(".")[2]
        if setting in PIP_SETTINGS:
            found[setting] = str(ast.literal_eval(value))
    return "[global]\n" + "".join(f"{name} = {' '.join(value.split())}\n" for name, value in sorted(found.items()))
