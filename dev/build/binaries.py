"""Where built binaries lie, and whether they are there."""

import shutil
from pathlib import Path

from dev.build.gosets import PROMETHEUS_OPERATOR, STAGES, Stage, fingerprint
from dev.errors import Missing
from dev.places import Places

UNUSED_SECONDS = 30 * 86400.0
CURE = "run `python -m dev build` (some minutes, once per machine and version)"


def folder(places: Places, stage: Stage) -> Path:
    """The folder of one stage; it exists only when every binary in it is whole."""
    return places.cache / "bin" / f"{stage.name}-{stage.key}"


def drop_unused(places: Places, stage: Stage, now: float) -> None:
    """Delete what was built of a stage from other versions, unless another checkout used it in the last month."""
    for other in (places.cache / "bin").glob(f"{stage.name}-*"):
        if other != folder(places, stage) and now - other.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(other)


def is_built(places: Places, stage: Stage) -> bool:
    """True when this stage need not be built."""
    return folder(places, stage).is_dir()


def binary(places: Places, name: str, stages: tuple[Stage, ...] = STAGES) -> Path:
    """The path of a built binary; Missing when it is not built."""
    for stage in stages:
        if any(tool.name == name for tool in stage.tools) and is_built(places, stage):
            return folder(places, stage) / name
    raise Missing(f"{name} is not built yet", CURE)


def crds_folder(places: Places) -> Path:
    """The folder of the Gateway API's CRDs, taken from its Go module at build time."""
    return places.cache / "bin" / f"crds-{fingerprint('crds')}"


def gateway_crds(places: Places) -> list[Path]:
    """The Gateway API's CRDs; Missing when they are not fetched yet."""
    found = sorted(crds_folder(places).glob("*.yaml"))
    if not found:
        raise Missing("the Gateway API's CRDs are not fetched yet", CURE)
    return found


def monitoring_crds(places: Places) -> list[Path]:
    """The CRDs of prometheus-operator; Missing when it is not built yet."""
    if not is_built(places, PROMETHEUS_OPERATOR):
        raise Missing("prometheus-operator is not built yet", CURE)
    return sorted(folder(places, PROMETHEUS_OPERATOR).glob("*.yaml"))
