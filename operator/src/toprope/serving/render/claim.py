"""The volume of the embedded database. It is made once, outlives the resource, and only grows."""

from typing import Any

from toprope.core.quantity import canonical
from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.parts import EmbeddedDatabase


def claim(resource: Resource, database: EmbeddedDatabase) -> dict[str, Any]:
    """The PersistentVolumeClaim."""
    storage_class = {"storageClassName": database.storage_class_name} if database.storage_class_name else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": places.data_metadata(resource, places.DATABASE),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": canonical(database.storage)}},
            **storage_class,
        },
    }
