"""What the engine and the kinds need of the outside, as Protocols: I/O is an object handed in.

`io` has the real ones; tests hand in others (a Cluster that dies at write N, a clock that stands still).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from toprope.core.measured import Measured
from toprope.core.objects import ApiResource, Manifest, Ref
from toprope.core.resource import Resource
from toprope.delivery.probes import Probed, Probing
from toprope.delivery.trial import Looked, Trial


class Cluster(Protocol):
    """The API server, and the store that its watches feed.

    Every call has a time-out. Errors are those of `core.errors`, never a client library's.
    """

    def children(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        """All watched objects of a namespace that carry `labels`, from the store: no request."""
        ...

    def child(self, ref: Ref) -> Manifest | None:
        """One watched object that carries our labels, from the store: no request."""
        ...

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        """Objects of a namespace that carry `labels`, as the API server has them now. Empty when it lacks that API."""
        ...

    async def read(self, ref: Ref) -> Manifest | None:
        """The object as the API server has it now; None when there is none."""
        ...

    async def apply(self, manifest: Manifest) -> Manifest:
        """Server-side apply with force; the reply is the live object. Conflict when `metadata.resourceVersion` or
        `metadata.uid` is given and differs.
        """
        ...

    async def create(self, manifest: Manifest) -> Manifest:
        """POST; AlreadyExists when the name is taken."""
        ...

    async def amend(self, ref: Ref, patch: Mapping[str, Any]) -> Manifest:
        """Merge patch; Conflict when the patch names a `metadata.resourceVersion` that differs."""
        ...

    async def delete(self, ref: Ref, uid: str) -> None:
        """Delete the object of that UID, its dependants in the background; absence is success."""
        ...

    async def write_status(self, ref: Ref, status: Mapping[str, Any], resource_version: str) -> Manifest:
        """Replace the status; Conflict when the object has moved on from `resource_version`."""
        ...

    async def post_event(self, event: Manifest) -> None:
        """Create a core/v1 Event; one of that name is there already: success."""
        ...


class Metrics(Protocol):
    """What Prometheus recorded, as of a moment ago."""

    def of(self, resource: Resource) -> Measured:
        """The numbers of the SLOs in `spec.slos`, from memory: no request. The resource's bell rings when what
        `status.slos` says of them would be another word now.
        """
        ...


class Now(Protocol):
    """What pods and gateways count, as of this second."""

    def of(self, resource: Resource, trial: Trial) -> Looked:
        """What has been seen of the trial so far, from memory: no request. Whoever asks has it looked at once a second
        from then on, for as long as he goes on asking; the resource's bell rings when a verdict or a fault is new.
        """
        ...


class Probes(Protocol):
    """Requests of our own to a candidate that has no users yet."""

    def of(self, resource: Resource, probing: Probing) -> Probed:
        """What has become of the probes so far, from memory: no request. They are sent from the first time that
        somebody asks on, and once more where what is to be probed is another; the resource's bell rings when they are
        over. Whoever asks no more for a minute has them forgotten.
        """
        ...


class Clock(Protocol):
    """What the time is."""

    def now(self) -> datetime:
        """UTC, aware."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What a pass knows beside the cluster, all of it from memory."""

    metrics: Metrics
    now: Now
    probes: Probes
    at: datetime
    """What the time is."""
