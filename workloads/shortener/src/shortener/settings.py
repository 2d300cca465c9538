"""What the environment says to a web worker and to the programs around it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from toprope_kit.migrate import settings as migrate
from toprope_kit.settings import EnvSettings

# First segments that we answer ourselves, or may one day; no link can have them.
OURS = frozenset({"api", "admin", "assets", "docs", "health", "healthz", "login", "metrics", "readyz", "sli", "static"})


class ShortenerSettings(EnvSettings):
    """Prefix SHORTENER_. All of them take effect at the start of a worker."""

    model_config = SettingsConfigDict(env_prefix="SHORTENER_", frozen=True)

    slug_length: Annotated[int, Field(ge=4, le=32)] = 7
    """Characters of a generated slug. 62 to this power is how many there are."""

    reserved_slugs: str = ""
    """Comma-separated slugs that nobody gets, beside the ones the service needs itself."""

    key_requests_per_minute: Annotated[int, Field(ge=0)] = 600
    """Calls of the API that one key may make a minute; 0: no limit."""

    address_requests_per_minute: Annotated[int, Field(ge=0)] = 6000
    """Requests that one client address may make a minute; 0: no limit."""

    click_retention_days: Annotated[int, Field(ge=0)] = 90
    """Days that single clicks are kept; the sums by day stay. 0: for ever."""

    trusted_proxies: Annotated[int, Field(ge=0, le=8)] = 1
    """How many proxies in front of the pod write X-Forwarded-For and -Proto; 0: the peer is the client."""

    cache_links: Annotated[int, Field(ge=0)] = 10_000
    """Links that one worker keeps in memory; the least recently used goes first."""

    click_buffer: Annotated[int, Field(ge=1)] = 50_000
    """Clicks that one worker keeps while the database is away; what comes then is dropped and counted."""

    def reserved(self) -> frozenset[str]:
        """Slugs that nobody gets, in lower case: case does not make another word of them."""
        asked = (word.strip().lower() for word in self.reserved_slugs.split(","))
        return OURS | frozenset(word for word in asked if word)


class MigrateSettings(migrate.MigrateSettings):
    """What the programs beside the web pods need to know."""

    bootstrap_tenant: Annotated[str, Field(min_length=1, max_length=63)] = "default"
    """The tenant that exists from the start."""

    click_retention_days: Annotated[int | None, Field(ge=0, alias="SHORTENER_CLICK_RETENTION_DAYS")] = None
    """What the web pods are told: they may not forget clicks sooner. 0: not at all; left out: as before."""

    bootstrap_key_file: Path | None = None
    """The API key of that tenant; only its hash is stored."""
