"""The plain driver: a node in namespaces of its own, images by buildah."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from dev.api import Api
from dev.build import debian
from dev.build.binaries import binary
from dev.build.buildah import Buildah
from dev.build.go import GoBuild
from dev.build.gosets import EVERYTHING, STAGES
from dev.build.images import Image, binary_image
from dev.drivers.plain import config
from dev.drivers.plain.house import NODE, house
from dev.drivers.plain.node import Node
from dev.errors import ApiError, DevError, Missing, StepFailed
from dev.infra import apply_manifests
from dev.manifest import has_condition
from dev.places import Places
from dev.progress import step
from dev.waiting import until

SECONDS = 90.0
IMPORT_SECONDS = 300.0
COREDNS = "1.12.4"


class Plain:
    """Needs Linux and root."""

    name = "plain"

    def __init__(self, places: Places) -> None:
        self.places = places
        self.house = house(places)
        self.node = Node(places, self.house)
        self.builder = Buildah(places)

    def up(self) -> None:
        """A Ready node with cluster DNS and storage; a living one is only completed."""
        self.node.refuse_a_second()
        debian.install()
        GoBuild(self.places).build(STAGES, before=EVERYTHING)
        inner = self.inner_images()
        self.build_images(inner)
        since = None
        if not self.lives():
            since = datetime.now(UTC).replace(microsecond=0)
            self.node.end()
            (self.house.root / "ready").unlink(missing_ok=True)
            self.node.start()
        self.bring_to_ready(inner, since)

    def bring_to_ready(self, inner: Sequence[Image], since: datetime | None) -> None:
        """From a living node to pods that run and find each other; what was reported before `since` does not count."""
        with step("start the node", usual_seconds=12):
            api = Api.of(self.kubeconfig())
            until("the API server", lambda: self.answers(api), SECONDS)
            (self.house.root / "ready").touch()
            until("containerd", self.runtime_answers, SECONDS)
            for image in inner:
                self.load_image(image)
            apply_manifests(api, "plain", {"coredns": COREDNS})
            until("the node to be Ready", lambda: self.is_ready(api, since), SECONDS)

    def inner_images(self) -> list[Image]:
        """What the node itself needs: the pause image and CoreDNS."""
        pause_tag = config.PAUSE_IMAGE.rpartition(":")[2]
        return [
            binary_image("pause", pause_tag, binary(self.places, "pause")),
            binary_image("coredns", COREDNS, binary(self.places, "coredns")),
        ]

    def build_images(self, images: Sequence[Image]) -> None:
        """By buildah; what did not change takes no time."""
        for image in images:
            self.builder.build(image)

    def load_image(self, image: Image) -> None:
        """Import it into the node's containerd, unless the same one is there."""
        known, identity = loaded(self.places), self.builder.identity(image.name)
        if known.get(image.name) == identity and image.name in self.node.containerd("images", "list", "-q").split():
            return
        with step(f"load {image.name} into the node", usual_seconds=8):
            archive = self.places.images / "load.tar"
            self.builder.archive(image, archive)
            self.node.containerd("images", "import", str(archive), seconds=IMPORT_SECONDS)
            archive.unlink()
            self.forget_build(known.get(image.name), identity)
            record(self.places).write_text(json.dumps({**known, image.name: identity}))

    def forget_build(self, old: str | None, new: str) -> None:
        """The build that a new one replaced: kubelet collects no images here, so its layers would stay for ever."""
        if old is not None and old != new:
            with suppress(StepFailed):  # it may be gone already
                self.node.containerd("images", "remove", old)

    def kubeconfig(self) -> Path:
        """The administrator's."""
        if not self.house.kubeconfig.exists():
            raise Missing("no cluster is up", "python -m dev up")
        return self.house.kubeconfig

    def is_up(self) -> bool:
        """True when a node lives and its API server answers."""
        return self.lives() and self.answers(Api.of(self.kubeconfig(), timeout=3))

    def lives(self) -> bool:
        """True when the node does."""
        return self.node.init_pid() is not None

    def down(self) -> None:
        """Nothing is left but the caches."""
        self.node.end()
        self.node.forget()

    def answers(self, api: Api) -> bool:
        """True when the API server is ready; DevError when the node has ended meanwhile."""
        try:
            api.get("/readyz")
        except ApiError:
            if not self.lives():
                raise DevError("the node ended while it started", f"read {self.house.root}/log/node.log") from None
            return False
        return True

    def runtime_answers(self) -> bool:
        """True when containerd does."""
        try:
            self.node.containerd("version")
        except DevError:
            return False
        return True

    def is_ready(self, api: Api, since: datetime | None) -> bool:
        """True when kubelet says that pods may run; etcd may still hold what it said in an earlier life."""
        node = api.find(f"/api/v1/nodes/{NODE}")
        return node is not None and has_condition(node, "Ready", since)


def record(places: Places) -> Path:
    """Says which builds the node's store holds."""
    return house(places).store / "loaded.json"


def loaded(places: Places) -> dict[str, str]:
    """Image name → identity of the build in the node's store."""
    try:
        known: dict[str, str] = json.loads(record(places).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return known
