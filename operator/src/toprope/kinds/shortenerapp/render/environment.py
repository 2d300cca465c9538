"""What the programs of the image read from their environment."""

from typing import Any

from toprope.core.names import BESIDE
from toprope.core.resource import Resource
from toprope.kinds.shortenerapp import connections, places
from toprope.kinds.shortenerapp.render.secrets import CACHE_URI_FILE, DATABASE_URI_FILE, FOLDER
from toprope.kinds.shortenerapp.spec import Settings

Variable = dict[str, str]

OWN_CACHE = "CACHE_URI"
"""Only the embedded cache is named so: another one's address is a secret."""
TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT"


def web(resource: Resource) -> list[Variable]:
    """Of `shortener serve`."""
    to_database = _database(resource, "app", places.APP_PASSWORD)
    pool = {"DATABASE_POOL_SIZE": str(connections.POOL)}
    return _listed(to_database | pool | cache(resource) | _settings(resource.spec.settings))


def check(resource: Resource, revision: str) -> list[dict[str, Any]]:
    """Of `shortener migrate --check`. What runs beside it nobody knows before its Job is made."""
    running = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{BESIDE}']"}}
    return [*migrate(resource, revision), {"name": "RUNNING_REVISIONS", "valueFrom": running}]


def migrate(resource: Resource, revision: str) -> list[Variable]:
    """Of `shortener migrate`."""
    return _listed(
        _database(resource, "owner", places.OWNER_PASSWORD)
        | {
            "APP_ROLE": "app",
            "BOOTSTRAP_TENANT": resource.spec.auth.tenant,
            "BOOTSTRAP_KEY_FILE": f"{FOLDER}/{places.API_KEY}",
            # Kept by the owner, so that whoever holds the app's password cannot forget more than that.
            "SHORTENER_CLICK_RETENTION_DAYS": str(resource.spec.settings.click_retention_days),
            "MIGRATE_WAIT": "60",
            "REVISION": revision,
            "LOG_LEVEL": resource.spec.settings.log_level,
        }
    )


def rotate(resource: Resource, *, own_cache: bool) -> list[Variable]:
    """Of `shortener rotate`; a cache that somebody else runs keeps its password."""
    return _listed(
        _database(resource, "owner", places.OWNER_PASSWORD)
        | (_own_cache(resource) if own_cache else {})
        | {
            "APP_ROLE": "app",
            "BOOTSTRAP_TENANT": resource.spec.auth.tenant,
            "CREDENTIALS_DIR": FOLDER,
            "LOG_LEVEL": resource.spec.settings.log_level,
        }
    )


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


def cache(resource: Resource) -> dict[str, str]:
    """Where the cache answers."""
    if resource.spec.cache.external:
        return {"CACHE_URI_FILE": f"{FOLDER}/{CACHE_URI_FILE}"}
    return _own_cache(resource)


def _own_cache(resource: Resource) -> dict[str, str]:
    return {
        OWN_CACHE: f"redis://{places.name(resource, places.CACHE)}:{places.CACHE_PORT}/0",
        "CACHE_PASSWORD_FILE": f"{FOLDER}/{places.CACHE_PASSWORD}",
    }


def _settings(settings: Settings) -> dict[str, str]:
    return {
        "SHORTENER_SLUG_LENGTH": str(settings.slug_length),
        "SHORTENER_RESERVED_SLUGS": ",".join(settings.reserved_slugs),
        "SHORTENER_KEY_REQUESTS_PER_MINUTE": str(settings.rate_limits.key_per_minute),
        "SHORTENER_ADDRESS_REQUESTS_PER_MINUTE": str(settings.rate_limits.address_per_minute),
        "SHORTENER_TRUSTED_PROXIES": str(settings.trusted_proxies),
        "SHORTENER_CLICK_RETENTION_DAYS": str(settings.click_retention_days),
        "LOG_LEVEL": settings.log_level,
        TRACES: settings.otlp_endpoint or "",
    }


def _listed(variables: dict[str, str]) -> list[Variable]:
    """Empty ones left out: the API server would drop their value, and the object would look edited."""
    return [{"name": name, "value": value} for name, value in variables.items() if value]
