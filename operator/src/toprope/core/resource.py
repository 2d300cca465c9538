"""One object of a kind of ours, as a pass reads it, and what the operator knows of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toprope.core.names import owner_labels
from toprope.core.objects import ApiResource, Manifest, Ref


@dataclass(frozen=True, slots=True)
class Installation:
    """What the operator knows of itself, and renders into children."""

    version: str
    """The operator's own version: the tag of workload images that leave theirs open."""
    image_prefix: str
    """`<prefix>/<workload>:<version>` is a workload's image."""
    namespace: str
    """Where the operator runs: one of the two namespaces that may reach an ops port."""
    monitoring_namespace: str
    """Where Prometheus runs: the other one."""
    runbooks: str = "https://toprope.dev/runbooks"
    """Address of the folder that holds a page for each alert."""
    gateway_namespaces: Sequence[str] = ()
    """From where gateways reach pods, besides the namespaces of their Gateways."""
    absent: frozenset[ApiResource] = frozenset()
    """The optional APIs that the cluster lacks."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One object of a kind of ours, as a pass reads it."""

    ref: Ref
    uid: str
    generation: int
    resource_version: str
    annotations: Mapping[str, str]
    deleting: bool
    spec: Any
    """The kind's spec model."""
    status: Any
    """The kind's status model; empty on a new resource."""
    installation: Installation
    workload: Any = None
    """What its pods run; the kind's own, as `serving.workload` has it."""

    @property
    def namespace(self) -> str:
        """The namespace of the resource and of all its children."""
        return self.ref.namespace

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.ref.name

    @property
    def labels(self) -> dict[str, str]:
        """What finds all children of this resource."""
        return owner_labels(self.ref.resource.kind, self.name)

    @property
    def owner_reference(self) -> dict[str, Any]:
        """The `ownerReferences` entry of every child that goes with the resource."""
        return {
            "apiVersion": self.ref.resource.api_version,
            "kind": self.ref.resource.kind,
            "name": self.name,
            "uid": self.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }


def image_of(installation: Installation, workload: str, version: str | None = None) -> str:
    """The full name of a workload's image; the operator's own version when `version` is None."""
    return f"{installation.image_prefix}/{workload}:{version or installation.version}"


def owned_by(resource: Resource, manifest: Manifest) -> bool:
    """Whether the object's controller is this very resource, not an earlier one of the same name."""
    owners = manifest["metadata"].get("ownerReferences") or ()
    return any(owner.get("controller") and owner["uid"] == resource.uid for owner in owners)
