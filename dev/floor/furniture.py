"""Objects that every floor has from the start: one node, a default StorageClass, and on request a Gateway."""

from typing import Any

from dev.floor.reactions import CONTROLLER, NODE

Document = dict[str, Any]

FURNITURE: tuple[Document, ...] = (
    {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}},
    },
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "local", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": CONTROLLER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    },
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "growing"},
        "provisioner": CONTROLLER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    },
)

GATEWAY_KINDS = {"gatewayclasses", "gateways", "httproutes", "referencegrants"}
"""The others take the API server seconds to compile, and no test looks at them."""
MONITORED_KINDS = {"podmonitors", "prometheusrules"}

GATEWAY: tuple[Document, ...] = (
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "infra"}},
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "traefik"},
        "spec": {"controllerName": CONTROLLER},
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "public", "namespace": "infra"},
        "spec": {
            "gatewayClassName": "traefik",
            "listeners": [
                {"name": "http", "port": 8000, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
            ],
        },
    },
)
