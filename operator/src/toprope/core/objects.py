"""Kubernetes objects as values: which API they live under, what one is called, how to read one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]
"""One Kubernetes object as JSON-like data. Never changed in place."""


@dataclass(frozen=True, slots=True)
class ApiResource:
    """One namespaced collection of the API server."""

    group: str
    """Empty for the core group."""
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """As in a manifest's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """As kubectl takes it, in no doubt about the group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """URL path of the collection (of all namespaces when `namespace` is None), or of one object."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        where = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{where}/{self.plural}" + (f"/{name}" if name else "")


@dataclass(frozen=True, slots=True)
class Ref:
    """One object: its collection, namespace and name."""

    resource: ApiResource
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """URL path of the object."""
        return self.resource.path(self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.resource.kind} {self.namespace}/{self.name}"


SERVICE = ApiResource("", "v1", "services", "Service")
SECRET = ApiResource("", "v1", "secrets", "Secret")
SERVICE_ACCOUNT = ApiResource("", "v1", "serviceaccounts", "ServiceAccount")
CLAIM = ApiResource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
POD = ApiResource("", "v1", "pods", "Pod")
EVENT = ApiResource("", "v1", "events", "Event")
DEPLOYMENT = ApiResource("apps", "v1", "deployments", "Deployment")
STATEFUL_SET = ApiResource("apps", "v1", "statefulsets", "StatefulSet")
CONTROLLER_REVISION = ApiResource("apps", "v1", "controllerrevisions", "ControllerRevision")
JOB = ApiResource("batch", "v1", "jobs", "Job")
AUTOSCALER = ApiResource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
DISRUPTION_BUDGET = ApiResource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
NETWORK_POLICY = ApiResource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
ENDPOINT_SLICE = ApiResource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
HTTP_ROUTE = ApiResource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
CNPG_CLUSTER = ApiResource("postgresql.cnpg.io", "v1", "clusters", "Cluster")
POD_MONITOR = ApiResource("monitoring.coreos.com", "v1", "podmonitors", "PodMonitor")
PROMETHEUS_RULE = ApiResource("monitoring.coreos.com", "v1", "prometheusrules", "PrometheusRule")
CONFIG_MAP = ApiResource("", "v1", "configmaps", "ConfigMap")
NODE = ApiResource("", "v1", "nodes", "Node")
"""The one that is in no namespace: it is written as the empty one."""
LEASE = ApiResource("coordination.k8s.io", "v1", "leases", "Lease")

_KNOWN = {
    (resource.api_version, resource.kind): resource
    for resource in (
        SERVICE, SECRET, SERVICE_ACCOUNT, CLAIM, POD, EVENT, DEPLOYMENT, STATEFUL_SET, CONTROLLER_REVISION, JOB,
        AUTOSCALER, DISRUPTION_BUDGET, NETWORK_POLICY, ENDPOINT_SLICE, HTTP_ROUTE, CNPG_CLUSTER,
        POD_MONITOR, PROMETHEUS_RULE, CONFIG_MAP,
    )
}  # fmt: skip


def ref_of(manifest: Manifest) -> Ref:
    """The object that a manifest speaks of. KeyError for a kind that Toprope never touches."""
    resource = _KNOWN[manifest["apiVersion"], manifest["kind"]]
    return Ref(resource, manifest["metadata"]["namespace"], manifest["metadata"]["name"])


def labels_of(manifest: Manifest) -> Mapping[str, str]:
    """Labels, empty when there are none."""
    return manifest["metadata"].get("labels") or {}


def annotations_of(manifest: Manifest) -> Mapping[str, str]:
    """Annotations, empty when there are none."""
    return manifest["metadata"].get("annotations") or {}


def is_being_deleted(manifest: Manifest) -> bool:
    """Whether the object only waits for its finalizers or its grace time."""
    return "deletionTimestamp" in manifest["metadata"]
