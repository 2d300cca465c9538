"""Services: one per web revision, a plain one that selects the serving revision, one per part."""

from typing import Any

from toprope.core.resource import Resource
from toprope.serving import places


def of_revision(resource: Resource, revision: str) -> dict[str, Any]:
    """Reaches the web pods of one revision."""
    metadata = places.metadata(resource, places.WEB, revision)
    return _service(metadata, places.selector(resource, places.WEB, revision), "http", places.SERVICE_PORT)


def plain(resource: Resource, serving: str | None) -> dict[str, Any]:
    """Reaches the web pods of the revision that serves; of all revisions, where pods share the requests."""
    metadata = places.metadata(resource, places.WEB)
    return _service(metadata, places.selector(resource, places.WEB, serving), "http", places.SERVICE_PORT)


def of_part(resource: Resource, component: str, port: int) -> dict[str, Any]:
    """Reaches a part's one pod."""
    metadata = places.metadata(resource, component)
    return _service(metadata, places.selector(resource, component), component, port)


def _service(metadata: dict[str, Any], selector: dict[str, str], port_name: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": "ClusterIP",
            "selector": selector,
            "ports": [{"name": port_name, "port": port, "targetPort": port_name, "protocol": "TCP"}],
        },
    }
