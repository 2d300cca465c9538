"""The Secrets with generated passwords. They are made once, outlive the resource, and no pass changes them."""

from base64 import b64encode
from typing import Any

from toprope.core.names import ROTATE_CREDENTIALS, ROTATED, short_hash
from toprope.core.resource import Resource
from toprope.serving import places


def credentials(resource: Resource) -> dict[str, Any]:
    """Without values: they are generated at its creation. A rotation asked for before that is done by it."""
    metadata = places.data_metadata(resource, places.CREDENTIALS)
    asked = resource.annotations.get(ROTATE_CREDENTIALS)
    if asked:
        metadata["annotations"] = {ROTATED: asked}
    key = {places.API_KEY: api_key_head(resource, asked or "")}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": key}


def api_key_head(resource: Resource, rotation: str) -> str:
    """How an API key begins: `tr_<id>_`. Each rotation's key has an id of its own, so that old and new may meet."""
    return f"tr_{short_hash(f'{resource.uid}/{rotation}', 12)}_"


def login(resource: Resource, role: str) -> dict[str, Any]:
    """A role's name and password as CloudNativePG reads them; the password is generated at its creation."""
    metadata = places.data_metadata(resource, f"{role}-login")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "kubernetes.io/basic-auth",
        "data": {"username": b64encode(role.encode()).decode()},
    }
