"""Releases of the shortener that are ill, as images of the local cluster."""

from pathlib import Path

from dev.build.images import PREFIX, Image, project_images
from dev.cli import cluster

ILL = Path(__file__).with_name("ill")


def ill(name: str, how: str, folder: Path) -> str:
    """The image of a shortener that is ill in this way (`ill/sitecustomize.py`), built and loaded; its Dockerfile is
    written into `folder`."""
    (healthy,) = project_images(["shortener"])
    dockerfile = folder / f"Dockerfile.{name}"
    # The label makes it another image when the healthy one is.
    lines = (
        f"FROM {healthy.name}",
        f"LABEL of={healthy.fingerprint}",
        f'ENV ILL="{how}"',
        "COPY sitecustomize.py /app/",
    )
    dockerfile.write_text("\n".join(lines) + "\n")
    image = Image(f"{PREFIX}/shortener:{name}", dockerfile, ILL, (ILL / "sitecustomize.py",))
    cluster().load([image])
    return image.name
