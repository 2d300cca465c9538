"""A cluster on paper: what would become of a spec, with no cluster at all.

It obeys every write at once and lets each object succeed at once: Jobs complete, pods are ready, claims are bound, the
gateway accepts. Passes over it end in the world that a real cluster ends in when nothing goes wrong.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from toprope.core.conditions import timestamp
from toprope.core.errors import AlreadyExists, Transient
from toprope.core.names import label_value
from toprope.core.objects import (
    AUTOSCALER,
    CNPG_CLUSTER,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    HTTP_ROUTE,
    SERVICE,
    ApiResource,
    Manifest,
    Ref,
    labels_of,
    ref_of,
)

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
"""When every paper world begins."""

GENERATED = "Z2VuZXJhdGVk"
"""Stands for a credential that a real world would generate (base64 of `generated`)."""


class PaperCluster:
    """A `ports.Cluster` in memory where everything succeeds."""

    def __init__(self, born: datetime = DAWN) -> None:
        self._born = timestamp(born)
        self.objects: dict[Ref, dict[str, Any]] = {}
        """Everything that was written, as it lives, in the order of its birth."""
        self._numbers = itertools.count(1)

    def children(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        """As `ports.Cluster.children`."""
        return [
            self._lived(one)
            for ref, one in self.objects.items()
            if ref.namespace == namespace and labels.items() <= labels_of(one).items()
        ]

    def child(self, ref: Ref) -> Manifest | None:
        """As `ports.Cluster.child`."""
        return self._lived(self.objects[ref]) if ref in self.objects else None

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        """As `ports.Cluster.find`; each Service has one EndpointSlice, and there are no pods to complain."""
        if resource == ENDPOINT_SLICE:
            return [
                _slice(one) for one in self.children(namespace, _without_slice_name(labels)) if _serves(one, labels)
            ]
        return [one for one in self.children(namespace, labels) if one["kind"] == resource.kind]

    async def read(self, ref: Ref) -> Manifest | None:
        """As `ports.Cluster.read`."""
        return self.child(ref)

    async def apply(self, manifest: Manifest) -> Manifest:
        """As `ports.Cluster.apply`; an object that says the same again keeps its generation."""
        ref = ref_of(manifest)
        old = self.objects.get(ref)
        if old is None:
            return await self.create(manifest)
        born = {key: old["metadata"][key] for key in ("uid", "generation", "creationTimestamp")}
        self.objects[ref] = self._written(manifest, born)
        return self._lived(self.objects[ref])

    async def create(self, manifest: Manifest) -> Manifest:
        """As `ports.Cluster.create`."""
        ref = ref_of(manifest)
        if ref in self.objects:
            raise AlreadyExists(f"{ref} exists already.")
        born = {"uid": f"paper-{next(self._numbers)}", "generation": 1, "creationTimestamp": self._born}
        self.objects[ref] = self._written(manifest, born)
        return self._lived(self.objects[ref])

    async def amend(self, ref: Ref, patch: Mapping[str, Any]) -> Manifest:
        """As `ports.Cluster.amend`."""
        if ref not in self.objects:
            raise Transient(f"{ref} is not there.")
        self.objects[ref] = merged(self.objects[ref], patch)
        return self._lived(self.objects[ref])

    async def delete(self, ref: Ref, uid: str) -> None:
        """As `ports.Cluster.delete`."""
        self.objects.pop(ref, None)

    async def write_status(self, ref: Ref, status: Mapping[str, Any], resource_version: str) -> Manifest:
        """Nothing: the resource itself is not in the paper world."""
        return {}

    async def post_event(self, event: Manifest) -> None:
        """Nothing: nobody reads Events on paper."""

    def _written(self, manifest: Manifest, born: Mapping[str, Any]) -> dict[str, Any]:
        metadata = {**manifest["metadata"], **born, "resourceVersion": str(next(self._numbers))}
        return {**manifest, "metadata": metadata}

    def _lived(self, written: dict[str, Any]) -> Manifest:
        success = _SUCCESSES.get(written["kind"])
        if success is None:
            return written
        ready = self._pods(written) if written["kind"] == DEPLOYMENT.kind else 1
        return {**written, "status": success(written, ready)}

    def _pods(self, deployment: Manifest) -> int:
        """How many pods its autoscaler keeps at least."""
        for one in self.objects.values():
            if (
                one["kind"] == AUTOSCALER.kind
                and one["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
            ):
                return int(one["spec"].get("minReplicas", 1))
        return int(deployment["spec"].get("replicas", 1))


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396: `patch` over `target`, null removes."""
    if not isinstance(patch, Mapping):
        return patch
    old = target if isinstance(target, Mapping) else {}
    changed = {key: merged(old.get(key), value) for key, value in patch.items() if value is not None}
    return {key: value for key, value in old.items() if key not in patch} | changed


def _condition(name: str, reason: str) -> dict[str, Any]:
    return {
        "type": name,
        "status": "True",
        "reason": reason,
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


def _pods_ready(written: Manifest, ready: int) -> dict[str, Any]:
    counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"), ready)
    return {
        **counts,
        "currentReplicas": ready,
        "observedGeneration": written["metadata"]["generation"],
        "conditions": [_condition("Available", "MinimumReplicasAvailable")],
    }


def _job_complete(written: Manifest, ready: int) -> dict[str, Any]:
    return {"succeeded": 1, "conditions": [_condition("Complete", "CompletionsReached")]}


def _bound(written: Manifest, ready: int) -> dict[str, Any]:
    return {"phase": "Bound", "capacity": written["spec"]["resources"]["requests"]}


def _accepted(written: Manifest, ready: int) -> dict[str, Any]:
    seen = {"observedGeneration": written["metadata"]["generation"]}
    said = [{**_condition(name, name), **seen} for name in ("Accepted", "ResolvedRefs")]
    return {"parents": [{"parentRef": parent, "conditions": said} for parent in written["spec"]["parentRefs"]]}


def _instances_ready(written: Manifest, ready: int) -> dict[str, Any]:
    return {"phase": "Cluster in healthy state", "readyInstances": written["spec"]["instances"]}


_SUCCESSES: Mapping[str, Callable[[Manifest, int], dict[str, Any]]] = {
    DEPLOYMENT.kind: _pods_ready,
    "StatefulSet": _pods_ready,
    "Job": _job_complete,
    "PersistentVolumeClaim": _bound,
    HTTP_ROUTE.kind: _accepted,
    CNPG_CLUSTER.kind: _instances_ready,
}

_SERVICE_NAME = "kubernetes.io/service-name"


def _without_slice_name(labels: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != _SERVICE_NAME}


def _serves(one: Manifest, labels: Mapping[str, str]) -> bool:
    name = one["metadata"]["name"]
    return bool(one["kind"] == SERVICE.kind and labels.get(_SERVICE_NAME, name) == label_value(name))


def _slice(service: Manifest) -> Manifest:
    metadata = service["metadata"]
    return {
        "apiVersion": ENDPOINT_SLICE.api_version,
        "kind": ENDPOINT_SLICE.kind,
        "metadata": {
            "name": f"{metadata['name']}-paper",
            "namespace": metadata["namespace"],
            "labels": {**labels_of(service), _SERVICE_NAME: metadata["name"]},
        },
        "endpoints": [{"addresses": ["192.0.2.1"], "conditions": {"ready": True, "serving": True}}],
    }
