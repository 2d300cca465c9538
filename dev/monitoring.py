"""What watches the local cluster: prometheus-operator, Prometheus, Alertmanager, and what Alertmanager notifies.

    pods ◄── scrapes ── Prometheus ── alerts ──► Alertmanager ── notifies ──► receiver ◄── tests read

All of it runs in the namespace `monitoring`. The binaries come from a Go module, Alertmanager's
from Debian's package: by this machine's apt, or while Docker builds the image.
"""

import hashlib
from functools import partial

from dev.api import Api
from dev.build import debian
from dev.build.binaries import binary, is_built, monitoring_crds
from dev.build.gosets import (
    MONITORING,
    PROMETHEUS,
    PROMETHEUS_OPERATOR,
    PROMETHEUS_OPERATOR_VERSION,
    PROMETHEUS_VERSION,
)
from dev.build.images import PREFIX, Image, binary_image
from dev.drivers import Driver
from dev.infra import apply_manifests, rolled_out
from dev.installing import install
from dev.places import CHECKOUT, Places
from dev.progress import step
from dev.waiting import until

ALERTMANAGER = "0.25.0"
"""Debian 12's."""
FETCHED = CHECKOUT / "dev" / "images" / "alertmanager-fetched"
RECEIVER = CHECKOUT / "dev" / "images" / "receiver" / "receiver.py"
NAMESPACE = "monitoring"
WORKLOADS = (
    ("deployments", "receiver"),
    ("deployments", "alertmanager"),
    ("deployments", "prometheus-operator"),
    ("statefulsets", "prometheus-local"),
)
SECONDS = 180.0


def is_made(places: Places, driver: str) -> bool:
    """True when nothing of it has to be built or fetched."""
    fetched = by_docker(driver) or debian.folder(places).is_dir()
    return fetched and all(is_built(places, stage) for stage in MONITORING)


def by_docker(driver: str) -> bool:
    """Whether Docker fetches Alertmanager while it builds the image, so that this machine needs no apt for it."""
    return driver == "kind"


def start(api: Api, driver: Driver, places: Places) -> None:
    """Run all of it in the cluster, unwaited; everything it is made of is there already."""
    made = images(places, driver.name)
    driver.build_images(made)
    with step("hand Prometheus and Alertmanager to the cluster", usual_seconds=8):
        install(api, monitoring_crds(places), SECONDS)
        for image in made:
            driver.load_image(image)
        apply_manifests(api, NAMESPACE, {tag_name(image): image.name.rpartition(":")[2] for image in made})


def wait(api: Api) -> None:
    """Wait until all of it works."""
    with step("start Prometheus and Alertmanager", usual_seconds=30):
        for plural, name in WORKLOADS:
            until(f"{name} in {NAMESPACE}", partial(rolled_out, api, NAMESPACE, name, plural), SECONDS)


def images(places: Places, driver: str) -> list[Image]:
    """What its pods run. The receiver is tagged by its content: another one replaces the pod that runs."""
    operator = [binary(places, tool.name, (PROMETHEUS_OPERATOR,)) for tool in PROMETHEUS_OPERATOR.tools]
    return [
        binary_image("prometheus-operator", PROMETHEUS_OPERATOR_VERSION, *operator),
        binary_image("prometheus", PROMETHEUS_VERSION, binary(places, "prometheus", (PROMETHEUS,))),
        alertmanager(places, driver),
        binary_image("receiver", hashlib.sha256(RECEIVER.read_bytes()).hexdigest()[:12], RECEIVER),
    ]


def alertmanager(places: Places, driver: str) -> Image:
    """Out of Debian's package, whoever fetches that."""
    if by_docker(driver):
        return Image(f"{PREFIX}/alertmanager:{ALERTMANAGER}", FETCHED / "Dockerfile", FETCHED, ())
    taken = [debian.taken(places) / name for name in debian.TAKEN["prometheus-alertmanager"].values()]
    return binary_image("alertmanager", ALERTMANAGER, *taken)


def tag_name(image: Image) -> str:
    """What stands for an image's tag in the manifests."""
    return image.name.rpartition("/")[2].partition(":")[0]
