"""The database as a cluster that CloudNativePG runs. It is made once and outlives the resource, as a claim does."""

from typing import Any

from toprope.core.objects import CNPG_CLUSTER
from toprope.core.quantity import canonical
from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.connections import EMBEDDED, room_for
from toprope.serving.parts import CloudNativePGDatabase

IMAGE = "ghcr.io/cloudnative-pg/postgresql:18-standard-trixie"
"""The major version of the embedded database; of CloudNativePG's images, `standard` has pgvector in it."""
ROLES = ("owner", "app")
"""Database roles, each with a login Secret."""


def cloud_native_pg(resource: Resource, part: CloudNativePGDatabase) -> dict[str, Any]:
    """The Cluster: database `app`, owned by `owner` (migrations), used by the managed role `app` (web pods)."""
    login = {"name": places.login_name(resource, "app")}
    owner = {"name": places.login_name(resource, "owner")}
    return {
        "apiVersion": CNPG_CLUSTER.api_version,
        "kind": CNPG_CLUSTER.kind,
        "metadata": places.data_metadata(resource, places.DATABASE),
        "spec": {
            "imageName": IMAGE,
            "bootstrap": {
                "initdb": {
                    "database": "app",
                    "owner": "owner",
                    "secret": owner,
                    # Only a superuser may, and migrations are none.
                    "postInitApplicationSQL": ["CREATE EXTENSION IF NOT EXISTS vector"],
                }
            },
            "managed": {"roles": [{"name": "app", "ensure": "present", "login": True, "passwordSecret": login}]},
            "postgresql": {"parameters": {"max_connections": str(max(EMBEDDED, room_for(resource.spec.replicas.max)))}},
            **sizes(part),
        },
    }


def sizes(part: CloudNativePGDatabase) -> dict[str, Any]:
    """The part of the Cluster's spec that is live."""
    storage_class = {"storageClass": part.storage_class_name} if part.storage_class_name else {}
    return {"instances": part.instances, "storage": {"size": canonical(part.storage), **storage_class}}
