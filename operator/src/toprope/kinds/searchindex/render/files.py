"""What the pods of a SearchIndex see as files, besides their Secrets: the documents, and what changes at once."""

from typing import Any

from toprope.core.resource import Resource
from toprope.kinds.searchindex.source import Source
from toprope.serving import places

SOURCE_FOLDER = "/source"
LIVE, LIVE_KEY, LIVE_FOLDER = "live", "live.json", "/run/toprope/live"

LIVE_MOUNT = {"name": LIVE, "mountPath": LIVE_FOLDER, "readOnly": True}
SOURCE_MOUNT = {"name": "source", "mountPath": SOURCE_FOLDER, "readOnly": True}


def live_volume(resource: Resource) -> dict[str, Any]:
    """The ConfigMap of what changes at once. A pod need not wait for it."""
    return {"name": LIVE, "configMap": {"name": places.name(resource, LIVE), "optional": True}}


def source_volumes(source: Source) -> list[dict[str, Any]]:
    """Where the documents are files."""
    if source.config_map:
        named = {"name": source.config_map.name, "items": [{"key": source.config_map.key, "path": path_of(source)}]}
        return [{"name": "source", "configMap": named}]
    if source.persistent_volume_claim:
        claim = {"claimName": source.persistent_volume_claim.name, "readOnly": True}
        return [{"name": "source", "persistentVolumeClaim": claim}]
    return []


def path_of(source: Source) -> str:
    """Of the documents, in their volume."""
    return source.persistent_volume_claim.path if source.persistent_volume_claim else "documents"
