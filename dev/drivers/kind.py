"""kind: the cluster as a container of the machine's Docker engine. Images are built by Docker itself."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import yaml

from dev.api import Api
from dev.build.binaries import binary
from dev.build.docker import Docker
from dev.build.go import GoBuild
from dev.build.gosets import KIND
from dev.build.images import Image
from dev.commands import run
from dev.drivers.plain.house import GATEWAY_NODE_PORT
from dev.errors import ApiError, DevError, Missing
from dev.places import Places
from dev.progress import step

CLUSTER = "toprope"
GATEWAY_PORT = 8080
UP_SECONDS = 600.0
LOAD_SECONDS = 300.0
QUICK_SECONDS = 60.0


def configuration() -> str:
    """One node whose gateway port answers on 127.0.0.1:8080."""
    mapping = {"containerPort": GATEWAY_NODE_PORT, "hostPort": GATEWAY_PORT, "listenAddress": "127.0.0.1"}
    node = {"role": "control-plane", "extraPortMappings": [mapping]}
    document = {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "name": CLUSTER, "nodes": [node]}
    return yaml.safe_dump(document, sort_keys=False)


class Kind:
    """Needs a Docker engine that answers; brings DNS and a default StorageClass of its own."""

    name = "kind"

    def __init__(self, places: Places) -> None:
        self.places = places
        self.builder = Docker()
        self.path = places.state / "kind.kubeconfig"
        self.claim = places.state / "kind.claim"
        """There from before the cluster is made until it is gone: kind itself knows no owner."""

    def up(self) -> None:
        """A cluster that waits for its node; one that is there is kept, half of one is made anew."""
        GoBuild(self.places).build((KIND,))
        self.refuse_anothers()
        self.claim.touch()
        if self.exists() and not self.is_up():
            self.down()
            self.claim.touch()
        if not self.exists():
            with step("create the kind cluster", usual_seconds=60):
                self.kind("create", "cluster", "--config=-", "--wait=180s", stdin=configuration(), seconds=UP_SECONDS)
        self.write_kubeconfig()

    def refuse_anothers(self) -> None:
        """DevError when the cluster was made by another user of the engine: it may be alive, and is not ours to end."""
        if self.exists() and not self.is_ours():
            raise DevError(
                f"this machine's engine has a kind cluster `{CLUSTER}` that was not made from {self.path.parent}",
                "run `make down` with the HOME (or XDG_STATE_HOME) that it was made with, or, when that is gone, "
                f"`docker rm --force --volumes {CLUSTER}-control-plane`",
            )

    def is_ours(self) -> bool:
        """True when this user made the cluster, or began to."""
        return self.claim.exists() or self.path.exists()

    def exists(self) -> bool:
        """True when kind knows the cluster, in whatever state."""
        return CLUSTER in self.kind("get", "clusters").split()

    def kind(self, *words: str, stdin: str | None = None, seconds: float = QUICK_SECONDS) -> str:
        """A kind command on a kubeconfig of our own: the user's is never written to."""
        environment = {"KUBECONFIG": str(self.path)}
        return run([binary(self.places, "kind", (KIND,)), *words], seconds=seconds, env=environment, stdin=stdin)

    def write_kubeconfig(self) -> None:
        """The administrator's, readable by the owner alone."""
        text = self.kind("get", "kubeconfig", f"--name={CLUSTER}")
        self.path.touch(mode=0o600)
        self.path.write_text(text)

    def build_images(self, images: Sequence[Image]) -> None:
        """By Docker; what did not change takes no time."""
        for image in images:
            self.builder.build(image)

    def load_image(self, image: Image) -> None:
        """kind itself compares what the node has."""
        with step(f"load {image.name} into the node", usual_seconds=8):
            self.kind("load", "docker-image", f"--name={CLUSTER}", image.name, seconds=LOAD_SECONDS)

    def kubeconfig(self) -> Path:
        """The administrator's."""
        if not self.path.exists():
            raise Missing("no cluster is up", "python -m dev up")
        return self.path

    def is_up(self) -> bool:
        """True when its API server answers."""
        if not self.path.exists():
            return False
        try:
            Api.of(self.path, timeout=3).get("/readyz")
        except ApiError:
            return False
        return True

    def lives(self) -> bool:
        """True when kind knows the cluster; one that is stopped starts again with the engine."""
        try:
            return self.exists()
        except Missing:  # never built: then it never made a cluster
            return False

    def down(self) -> None:
        """kind removes the container, its network stays with Docker; another user's cluster stays."""
        if not self.is_ours():
            return
        with suppress(Missing):  # never built: then it never made a cluster
            self.kind("delete", "cluster", f"--name={CLUSTER}", seconds=UP_SECONDS)
        self.path.unlink(missing_ok=True)
        self.claim.unlink(missing_ok=True)
