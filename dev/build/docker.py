"""Builds images by the machine's Docker engine; the Dockerfiles' `FROM` is pulled as usual."""

import json

from dev.build.images import INPUT_LABEL, Image
from dev.commands import program, run
from dev.errors import StepFailed
from dev.progress import step

BUILD_SECONDS = 1800.0
QUICK_SECONDS = 60.0


class Docker:
    """Docker keeps its own layers; the label only saves asking it."""

    def fingerprint(self, name: str) -> str | None:
        """The inputs' hash that a built image carries; None when there is no such image."""
        try:
            asked = run([program("docker"), "image", "inspect", name], seconds=QUICK_SECONDS)
        except StepFailed:
            return None
        labels: dict[str, str] = json.loads(asked)[0]["Config"].get("Labels") or {}
        return labels.get(INPUT_LABEL)

    def build(self, image: Image) -> None:
        """Build it unless an image of the same inputs is there."""
        if self.fingerprint(image.name) == image.fingerprint:
            return
        with step(f"build the image {image.name}", usual_seconds=60):
            label = f"--label={INPUT_LABEL}={image.fingerprint}"
            where = ["--file", str(image.dockerfile), str(image.context)]
            run([program("docker"), "build", label, "--tag", image.name, *where], seconds=BUILD_SECONDS)
