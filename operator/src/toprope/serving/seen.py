"""What one look at the world showed of a resource, gathered before anything is decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toprope.core.measured import Measured
from toprope.core.names import COMPONENT, REVISION
from toprope.core.objects import ApiResource, Manifest, labels_of
from toprope.delivery.probes import Probed
from toprope.delivery.trial import Looked

Children = Mapping[tuple[str, str], Manifest]


@dataclass(frozen=True, slots=True)
class Seen:
    """The children that are this very resource's, its data, and what was looked at besides."""

    children: Children
    """By kind and name. Those of an earlier resource of the same name are left out, its data is not."""
    secrets: Mapping[str, Manifest] = field(default_factory=dict, repr=False)
    """By name: the credentials, and the Secrets that the spec names. Absent ones are absent."""
    pods: Sequence[Manifest] = ()
    """The resource's pods; empty unless something was not well."""
    endpoints: frozenset[str] = frozenset()
    """Names of the Services that were asked for and have a ready endpoint."""
    measured: Measured = field(default_factory=Measured)
    """What Prometheus recorded of its SLOs."""
    looked: Looked = field(default_factory=Looked)
    """What pods and gateway count as of this second, while a candidate has requests."""
    probed: Probed = field(default_factory=Probed)
    """What has become of the probes of a candidate that is to have all requests at once."""

    def child(self, resource: ApiResource, name: str) -> Manifest | None:
        """One child; None when there is none."""
        return self.children.get((resource.kind, name))

    def all_of(self, resource: ApiResource) -> Sequence[Manifest]:
        """All children of a kind."""
        return [child for (kind, _), child in self.children.items() if kind == resource.kind]

    def pods_of(self, component: str, revision: str | None) -> Sequence[Manifest]:
        """The pods of a component, of one revision where that is given."""
        return [pod for pod in self.pods if _belongs(labels_of(pod), component, revision)]


def _belongs(labels: Mapping[str, str], component: str, revision: str | None) -> bool:
    return labels.get(COMPONENT) == component and labels.get(REVISION) == revision
