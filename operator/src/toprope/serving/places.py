"""What the children of a resource that serves are called, and the numbers and paths that they share."""

from typing import Any

from toprope.core.names import DATA, child_labels, child_name, selector_labels, short_hash
from toprope.core.resource import Resource

WEB = "web"
ROTATE = "rotate"
DATABASE = "database"
CACHE = "cache"
CREDENTIALS = "credentials"

HTTP_PORT = 8000
OPS_PORT = 9090
SERVICE_PORT = 80
DATABASE_PORT = 5432
CACHE_PORT = 6379

OWNER_PASSWORD = "owner-password"  # noqa: S105 - names of keys, not what they hold
APP_PASSWORD = "app-password"  # noqa: S105
CACHE_PASSWORD = "cache-password"  # noqa: S105
API_KEY = "api-key"
NEXT = ".next"
"""Ending of a key that takes another's place when a rotation ends."""

# Keys of Secrets that the user owns.
OWNER_URI = "owner-uri"
APP_URI = "app-uri"
CACHE_URI = "uri"

_LIMITS = {DATABASE: 50}
"""CloudNativePG allows a cluster 50 characters, a StatefulSet's pods carry a label of its name and a hash (52)."""


def name(resource: Resource, component: str, revision: str | None = None) -> str:
    """`<resource>-<component>[-<revision>]`, cut where a limit asks for it."""
    return child_name(resource.name, component, revision, limit=_LIMITS.get(component, 63))


def route_name(resource: Resource) -> str:
    """Of the HTTPRoute. What a gateway counts it names by namespace and route with hyphens between, as both may hold
    themselves: the hash tells the route of (a-b, c) from that of (a, b-c).
    """
    whose = f"{resource.namespace}/{resource.ref.resource.kind}/{resource.name}"
    return name(resource, WEB, short_hash(whose, 6))


def labels(resource: Resource, component: str, revision: str | None = None) -> dict[str, str]:
    """All labels of a child of this component."""
    return child_labels(resource.ref.resource.kind, resource.name, component, revision)


def selector(resource: Resource, component: str, revision: str | None = None) -> dict[str, str]:
    """The labels that find this component's pods."""
    return selector_labels(resource.ref.resource.kind, resource.name, component, revision)


def metadata(resource: Resource, component: str, revision: str | None = None) -> dict[str, Any]:
    """Of a child that goes with the resource."""
    return {
        "name": name(resource, component, revision),
        "namespace": resource.namespace,
        "labels": labels(resource, component, revision),
        "ownerReferences": [resource.owner_reference],
    }


def data_metadata(resource: Resource, component: str) -> dict[str, Any]:
    """Of a child that outlives the resource: no owner, and a mark that keeps pruning away."""
    return {
        "name": name(resource, component),
        "namespace": resource.namespace,
        "labels": labels(resource, component) | {DATA: component},
    }


def login_name(resource: Resource, role: str) -> str:
    """Of the Secret that CloudNativePG reads a role's password from."""
    return name(resource, f"{role}-login")


def database_host(resource: Resource) -> str:
    """Where a database that is not external answers."""
    suffix = "-rw" if resource.spec.database.cloud_native_pg else ""
    return name(resource, DATABASE) + suffix
