"""What every workload reads from its environment: the way into the database, and into the cache."""

from collections.abc import Mapping

from toprope.core.resource import Resource
from toprope.serving import connections, places
from toprope.serving.parts import cache_of
from toprope.serving.render.secrets import CACHE_URI_FILE, DATABASE_URI_FILE, FOLDER

Variable = dict[str, str]

OWN_CACHE = "CACHE_URI"
"""Only the embedded cache is named so: another one's address is a secret."""
TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT"


def as_app(resource: Resource) -> dict[str, str]:
    """Into the database as a web pod's own role, with its pool."""
    pool = {"DATABASE_POOL_SIZE": str(connections.POOL)}
    return _database(resource, "app", places.APP_PASSWORD) | pool


def as_owner(resource: Resource) -> dict[str, str]:
    """Into the database as its owner, who may give the web pods' role what it needs."""
    return _database(resource, "owner", places.OWNER_PASSWORD) | {"APP_ROLE": "app"}


def cache(resource: Resource) -> dict[str, str]:
    """Where the cache answers."""
    if cache_of(resource.spec).external:
        return {"CACHE_URI_FILE": f"{FOLDER}/{CACHE_URI_FILE}"}
    return own_cache(resource)


def own_cache(resource: Resource) -> dict[str, str]:
    """Where the embedded cache answers, whatever the spec asks for by now."""
    return {
        OWN_CACHE: f"redis://{places.name(resource, places.CACHE)}:{places.CACHE_PORT}/0",
        "CACHE_PASSWORD_FILE": f"{FOLDER}/{places.CACHE_PASSWORD}",
    }


def listed(variables: Mapping[str, str]) -> list[Variable]:
    """Empty ones left out: the API server would drop their value, and the object would look edited."""
    return [{"name": name, "value": value} for name, value in variables.items() if value]


def _database(resource: Resource, role: str, password: str) -> dict[str, str]:
    if resource.spec.database.external:
        return {"DATABASE_URI_FILE": f"{FOLDER}/{DATABASE_URI_FILE}"}
    return {
        "DATABASE_HOST": places.database_host(resource),
        "DATABASE_PORT": str(places.DATABASE_PORT),
        "DATABASE_NAME": "app",
        "DATABASE_USER": role,
        "DATABASE_PASSWORD_FILE": f"{FOLDER}/{password}",
    }
