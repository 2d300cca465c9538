"""Where the node's files lie, and the names and addresses inside it."""

from dataclasses import dataclass
from pathlib import Path

from dev.places import Places

NODE = "toprope"
ADDRESS = "10.89.0.1"
"""The node's address inside its own network; no other network ever sees it."""
API_PORT = 6443
GATEWAY_NODE_PORT = 30080
POD_RANGE = "10.244.0.0/24"
DNS = "10.96.0.10"
CONTAINERD = "/run/containerd/containerd.sock"
CGROUP = "toprope"
PRIVATE = ("/run", "/var/lib", "/var/log")
"""Covered inside the node, because what runs there has fixed habits of writing to them."""


@dataclass(frozen=True, slots=True)
class House:
    """The folders of one node."""

    root: Path
    """Gone after `down`."""
    store: Path
    """containerd's images and layers; kept, so that the next start need not load them again."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, for use on this machine."""
        return self.root / "admin.kubeconfig"

    @property
    def volumes(self) -> Path:
        """The data of claims."""
        return self.root / "volumes"


def house(places: Places) -> House:
    """The node of this user."""
    return House(places.state / "node", places.cache / "node-store")
