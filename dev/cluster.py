"""The whole local cluster, by whichever driver: node, gateway, monitoring, measurements, project images."""

from collections.abc import Sequence
from pathlib import Path

from dev import monitoring, owner
from dev.api import Api
from dev.build import debian
from dev.build.binaries import binary, gateway_crds, is_built
from dev.build.go import GoBuild
from dev.build.gosets import METRICS, MONITORING
from dev.build.images import Image, binary_image, project_images
from dev.commands import beside_python
from dev.drivers import Driver
from dev.errors import DevError
from dev.infra import (
    GATEWAY_ADDRESS,
    apply_manifests,
    gateway_answers,
    gateway_programmed,
    rolled_out,
)
from dev.installing import install
from dev.places import CHECKOUT, Places
from dev.progress import step
from dev.waiting import until

TRAEFIK = "3.7.15"
METRICS_SERVER = "0.9.0"
SECONDS = 120.0
PATIENCE = 30.0


class Cluster:
    """The cluster of one user; every method holds the lock while it works."""

    def __init__(self, places: Places, driver: Driver, checkout: Path = CHECKOUT) -> None:
        self.places = places
        self.driver = driver
        self.checkout = checkout

    def up(self) -> None:
        """A Ready node and a Gateway that answers on 127.0.0.1:8080; what measures and watches follows unwaited.

        What of it is not built yet is left for `monitoring` and `metrics`: the first link waits for none of them.
        """
        # Before the lock too: who is refused should hear whose it is, not that it is being worked on.
        self.refuse_while_anothers_lives()
        with owner.command_lock(self.places.state):
            self.refuse_while_anothers_lives()
            if owner.owner(self.places.state) not in (None, self.checkout):
                self.clear()
            owner.claim(self.places.state, self.checkout)
            self.driver.up()
            api = Api.of(self.driver.kubeconfig())
            self.open_gateway(api)
            if is_built(self.places, METRICS):
                self.measure(api)
            if monitoring.is_made(self.places, self.driver.name):
                monitoring.start(api, self.driver, self.places)

    def refuse_while_anothers_lives(self) -> None:
        """OwnedElsewhere when another checkout's cluster runs; what one that ended left behind keeps nobody out."""
        if self.driver.lives():
            owner.refuse_others(self.places.state, self.checkout)

    def open_gateway(self, api: Api) -> None:
        """Gateway API, Traefik and the Gateway `public`, ready to carry routes."""
        traefik = binary_image("traefik", TRAEFIK, beside_python("traefik"))
        self.driver.build_images([traefik])
        with step("open the gateway", usual_seconds=10):
            install(api, gateway_crds(self.places), SECONDS)
            self.driver.load_image(traefik)
            apply_manifests(api, "all", {"traefik": TRAEFIK})
            until("cluster DNS", lambda: rolled_out(api, "kube-system", "coredns"), SECONDS)
            until("Traefik", lambda: rolled_out(api, "infra", "traefik"), SECONDS)
            until("the Gateway infra/public to be programmed", lambda: gateway_programmed(api), SECONDS)
            until("an answer on {}:{}".format(*GATEWAY_ADDRESS), gateway_answers, SECONDS)

    def monitoring(self) -> None:
        """Build what watches the cluster if need be, and run it."""
        owner.refuse_others(self.places.state, self.checkout)
        GoBuild(self.places).build(MONITORING)
        if not monitoring.by_docker(self.driver.name):
            debian.taken(self.places)
        with owner.command_lock(self.places.state, patience=PATIENCE):
            owner.refuse_others(self.places.state, self.checkout)
            api = Api.of(self.driver.kubeconfig())
            monitoring.start(api, self.driver, self.places)
        monitoring.wait(api)

    def metrics(self) -> None:
        """Build metrics-server if need be and run it; then Go's caches are not needed any more."""
        owner.refuse_others(self.places.state, self.checkout)
        # Without the lock: it takes minutes, and the cluster may be worked on meanwhile.
        GoBuild(self.places).build((METRICS,))
        with owner.command_lock(self.places.state, patience=PATIENCE):
            owner.refuse_others(self.places.state, self.checkout)
            self.measure(Api.of(self.driver.kubeconfig()))

    def measure(self, api: Api) -> None:
        """Run metrics-server; it answers half a minute later."""
        image = binary_image("metrics-server", METRICS_SERVER, binary(self.places, "metrics-server", (METRICS,)))
        self.driver.build_images([image])
        self.driver.load_image(image)
        apply_manifests(api, "later", {"metrics-server": METRICS_SERVER})

    def images(self, names: list[str]) -> list[Image]:
        """Build and load the project's images (all, or those named); returns them."""
        chosen = project_images(names)
        if lacking := set(names) - {image.name.rpartition("/")[2].partition(":")[0] for image in chosen}:
            raise DevError(f"no Dockerfile for {', '.join(sorted(lacking))}")
        self.load(chosen)
        return chosen

    def load(self, images: Sequence[Image]) -> None:
        """Build these images and load them."""
        owner.refuse_others(self.places.state, self.checkout)
        with owner.command_lock(self.places.state, patience=PATIENCE):
            self.driver.build_images(images)
            for image in images:
                self.driver.load_image(image)

    def down(self, take_over: bool = False) -> None:
        """Nothing is left running; `take_over` also ends a cluster of another checkout that runs."""
        # An interrupted `up` may need a moment to end; whoever calls `down` then wants it down.
        with owner.command_lock(self.places.state, patience=PATIENCE):
            if not take_over:
                self.refuse_while_anothers_lives()
            self.clear()

    def clear(self) -> None:
        """Nobody has a cluster, and nothing of one is left."""
        with step("take the cluster down", usual_seconds=2):
            self.driver.down()
        owner.release(self.places.state)
