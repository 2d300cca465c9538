"""Releases of the shortener as stories tell them: where one stands, and images of ill ones."""

from pathlib import Path
from typing import Any

from dev.build.images import PREFIX, Image, project_images
from dev.cli import cluster
from tests.e2e.load import Answer, Load
from tests.e2e.world import World, until

ILL = Path(__file__).with_name("ill")
STARTS = 120.0
"""Seconds until a candidate has migrated and is ready."""


def status(world: World) -> dict[str, Any]:
    found: dict[str, Any] = (world.get("sapp", "links") or {}).get("status") or {}
    return found


def goes_to(world: World, phase: str, within: float) -> dict[str, Any]:
    """Until the rollout is in this phase; the rollout."""
    until(
        lambda: status(world)["rollout"]["phase"] == phase,
        lambda: f"not {phase}: {status(world)['revision']} {status(world)['rollout']}",
        within,
    )
    rollout: dict[str, Any] = status(world)["rollout"]
    return rollout


def weights(world: World) -> dict[str, int]:
    """Users' shares by revision, as the route has them."""
    route = world.find("httproutes", "toprope.dev/name=links")[0]
    return {one["name"].rpartition("-")[2]: one["weight"] for one in route["spec"]["rules"][0]["backendRefs"]}


def failed(load: Load) -> list[Answer]:
    return [one for one in load.answers if one.status != 302]


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
