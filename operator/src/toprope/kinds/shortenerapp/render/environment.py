"""What the programs of the image `shortener` read from their environment."""

from typing import Any

from toprope.core.names import BESIDE
from toprope.core.resource import Resource
from toprope.kinds.shortenerapp.spec import Settings
from toprope.serving import places
from toprope.serving.render.environment import TRACES, Variable, as_app, as_owner, cache, listed, own_cache
from toprope.serving.render.secrets import FOLDER


def web(resource: Resource) -> list[Variable]:
    """Of `shortener serve`."""
    return listed(as_app(resource) | cache(resource) | _settings(resource.spec.settings))


def check(resource: Resource, revision: str) -> list[dict[str, Any]]:
    """Of `shortener migrate --check`. What runs beside it nobody knows before its Job is made."""
    running = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{BESIDE}']"}}
    return [*migrate(resource, revision), {"name": "RUNNING_REVISIONS", "valueFrom": running}]


def migrate(resource: Resource, revision: str) -> list[Variable]:
    """Of `shortener migrate`."""
    return listed(
        as_owner(resource)
        | {
            "BOOTSTRAP_TENANT": resource.spec.auth.tenant,
            "BOOTSTRAP_KEY_FILE": f"{FOLDER}/{places.API_KEY}",
            # Kept by the owner, so that whoever holds the app's password cannot forget more than that.
            "SHORTENER_CLICK_RETENTION_DAYS": str(resource.spec.settings.click_retention_days),
            "MIGRATE_WAIT": "60",
            "REVISION": revision,
            "LOG_LEVEL": resource.spec.settings.log_level,
        }
    )


def rotate(resource: Resource, *, used_cache: bool) -> list[Variable]:
    """Of `shortener rotate`; a cache that somebody else runs keeps its password."""
    return listed(
        as_owner(resource)
        | (own_cache(resource) if used_cache else {})
        | {
            "BOOTSTRAP_TENANT": resource.spec.auth.tenant,
            "CREDENTIALS_DIR": FOLDER,
            "LOG_LEVEL": resource.spec.settings.log_level,
        }
    )


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
