"""Which keys of which Secrets a pod sees, as files: no more than it needs.

    embedded, CloudNativePG   <name>-credentials, and for CloudNativePG one login Secret per role
    external                  the Secret that the user named

A key's successor (`<key>.next`) is mounted beside it where there is one, so that a rotation needs no restart.
"""

from collections.abc import Sequence
from typing import Any

from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.parts import cache_of
from toprope.serving.places import API_KEY, APP_PASSWORD, CACHE_PASSWORD, CREDENTIALS, NEXT, OWNER_PASSWORD

FOLDER = "/run/secrets/toprope"
MOUNT = {"name": "credentials", "mountPath": FOLDER, "readOnly": True}

DATABASE_URI_FILE = "database-uri"
CACHE_URI_FILE = "cache-uri"
STORE_KEYS = ("access-key-id", "secret-access-key")
"""What opens an object store: keys of a Secret of the user's, and the files that they become."""


def volume(sources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All of a pod's Secrets in one folder, readable by its group only."""
    return {"name": "credentials", "projected": {"defaultMode": 0o440, "sources": list(sources)}}


def own_keys(resource: Resource, *keys: str) -> list[dict[str, Any]]:
    """Keys of the generated credentials, and their successors while a rotation runs."""
    secret = places.name(resource, CREDENTIALS)
    return [
        _source(secret, {key: key for key in keys}),
        _source(secret, {key + NEXT: key + NEXT for key in keys}, optional=True),
    ]


def generated(resource: Resource) -> tuple[str, ...]:
    """Keys of the Secret with the generated credentials."""
    cache = cache_of(resource.spec)
    return (OWNER_PASSWORD, APP_PASSWORD, *((CACHE_PASSWORD,) if cache.embedded or cache.external else ()), API_KEY)


def rotate(resource: Resource, *, own_cache: bool) -> list[dict[str, Any]]:
    """What a rotation sees: everything that it changes, and the way into the database, where the API keys stand."""
    way = [] if resource.spec.database.embedded else database(resource, OWNER_PASSWORD)
    return [*way, *own_keys(resource, *rotated_keys(resource, own_cache=own_cache))]


def rotated_keys(resource: Resource, *, own_cache: bool) -> tuple[str, ...]:
    """The credentials that Toprope generated and uses: those of a database or cache of somebody else's are theirs.

    `own_cache`: whether any living revision uses the cache that Toprope runs, whatever the spec names by now.
    """
    roles = (OWNER_PASSWORD, APP_PASSWORD) if resource.spec.database.embedded else ()
    return (*roles, *((CACHE_PASSWORD,) if own_cache else ()), API_KEY)


def database(resource: Resource, key: str) -> list[dict[str, Any]]:
    """The way into the database, as the role of that key."""
    part = resource.spec.database
    if part.external:
        uri = places.OWNER_URI if key == OWNER_PASSWORD else places.APP_URI
        return [_source(part.external.secret_ref.name, {uri: DATABASE_URI_FILE})]
    if part.cloud_native_pg:
        role = "owner" if key == OWNER_PASSWORD else "app"
        return [_source(places.login_name(resource, role), {"password": key})]
    return own_keys(resource, key)


def cache(resource: Resource) -> list[dict[str, Any]]:
    """The way into the cache."""
    external = cache_of(resource.spec).external
    if external:
        return [_source(external.secret_ref.name, {places.CACHE_URI: CACHE_URI_FILE})]
    return own_keys(resource, CACHE_PASSWORD)


def store(secret: str) -> list[dict[str, Any]]:
    """The way into an object store."""
    return [_source(secret, {key: key for key in STORE_KEYS})]


def _source(secret: str, files: dict[str, str], *, optional: bool = False) -> dict[str, Any]:
    items = [{"key": key, "path": path} for key, path in files.items()]
    return {"secret": {"name": secret, "items": items, **({"optional": True} if optional else {})}}
