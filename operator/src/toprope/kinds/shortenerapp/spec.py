"""The fields of a ShortenerApp. Type, default, bound, rule and help text of each stand here and nowhere else."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from toprope.core.faults import Misplaced
from toprope.core.model import SpecModel, ruled
from toprope.delivery.judges import JUDGES, refuse_strangers
from toprope.delivery.revision import revision_of
from toprope.delivery.spec import RolloutSpec, Traffic
from toprope.kinds.shortenerapp.routes import ROUTES
from toprope.serving.parts import Cache, Database, EmbeddedCache, EmbeddedDatabase, Resources, SecretName
from toprope.serving.scheduling import Scheduling
from toprope.serving.spec import CARRIED, ONE_VERSION, Image, Replicas, Tag
from toprope.slo.spec import Slos

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
Tenant = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6([0-4][0-9]{3}|5([0-4][0-9]{2}|5([0-2][0-9]|3[0-5]))))"
"""1 to 65535."""
HttpUrl = Annotated[
    str, Field(pattern=rf"^https?://[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:{_PORT})?(/\S*)?$", max_length=253)
]


class RateLimits(SpecModel):
    """How many requests a minute are answered; more get 429 with Retry-After."""

    key_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = 600
    """API requests a minute of one API key; 0: no limit."""

    address_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = 6000
    """Requests a minute of one client address; 0: no limit."""


class Settings(SpecModel):
    """How the service behaves. Every field makes a new revision."""

    slug_length: Annotated[int, Field(ge=4, le=32)] = 7
    """Characters of a generated slug."""

    reserved_slugs: Annotated[list[Slug], Field(max_length=256)] = []
    """Slugs that nobody may take, besides the service's own paths."""

    rate_limits: RateLimits = RateLimits()
    """How many requests a minute are answered."""

    trusted_proxies: Annotated[int, Field(ge=0, le=8)] = 1
    """Proxies before the web pods that append to X-Forwarded-For: the client is the address that stands so many places
    from its end. 1: the gateway of `traffic`; 2: a load balancer before the gateway, too; 0: the header is not
    believed, right where `traffic` is left out. Too many, and clients choose the address that limits count; too few,
    and all clients together are one."""

    click_retention_days: Annotated[int, Field(ge=0, le=3650)] = 90
    """Days that single clicks are kept; sums by day stay. 0: for ever."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severity that is logged."""

    otlp_endpoint: HttpUrl | None = None
    """OTLP/HTTP endpoint that gets traces, as `http://collector.tracing:4318`. Left out: no traces."""


_SAME_TENANT = (
    "self == oldSelf",
    "the tenant is fixed: links and API key belong to it; for another tenant create a second ShortenerApp",
)


class Auth(SpecModel):
    """Who may use the API from the start."""

    tenant: Annotated[Tenant, Field(json_schema_extra=ruled(_SAME_TENANT))] = "default"
    """Tenant of the API key in the Secret `<name>-credentials`, fixed at birth; it is created when it is missing."""


_OF_ROUTES = f"!has(s.latency) || !has(s.latency.route) || s.latency.route in {list(ROUTES)}"
_ROUTES = (
    f"!has(self.slos) || self.slos.all(s, {_OF_ROUTES})",
    "spec.slos[].latency.route of a ShortenerApp is redirect or api",
)


class ShortenerAppSpec(SpecModel):
    """A link shortener: its release, its size, its traffic, its promises, and what it stands on."""

    model_config = ConfigDict(json_schema_extra=ruled(ONE_VERSION, CARRIED, _ROUTES, JUDGES))

    image: Image | None = None
    """Whole name of the image that the web pods run. Default: Toprope's own of `version`. Makes a new revision."""

    version: Tag | None = None
    """Version of Toprope's own image. Left out, a revision keeps the operator's version of the day of its birth
    (`status.version`). Makes a new revision."""

    settings: Settings = Settings()
    """How the service behaves. Makes a new revision."""

    auth: Auth = Auth()
    """Who may use the API from the start. It cannot be changed."""

    resources: Resources = Resources()
    """CPU and memory of a web pod. Default: 100m and 128Mi asked for, 256Mi at most. Makes a new revision."""

    scheduling: Scheduling = Scheduling()
    """Where web pods, and the Jobs of a release, may run. Makes a new revision."""

    image_pull_secrets: Annotated[
        list[SecretName],
        Field(
            max_length=8,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = []
    """Secrets that images are pulled with. Makes a new revision; database and cache use them from their next start."""

    replicas: Replicas = Replicas()
    """Bounds of the autoscaler. Takes effect at once."""

    traffic: Traffic | None = None
    """How requests from outside reach the service. Left out: only by its Service. Takes effect at once."""

    rollout: RolloutSpec = RolloutSpec()
    """How a new release gets its requests. Takes effect at once."""

    slos: Slos = []
    """What is promised to its users. Alerts, error budgets and dashboards come from these. Takes effect at once."""

    database: Database = Database(embedded=EmbeddedDatabase())
    """Where the links live. Default: a small embedded one."""

    cache: Cache = Cache(embedded=EmbeddedCache())
    """What takes load off the database. Default: a small embedded one."""

    @model_validator(mode="after")
    def _promises_of_its_routes(self) -> "ShortenerAppSpec":
        for index, slo in enumerate(self.slos):
            if slo.latency and slo.latency.route not in (None, *ROUTES):
                raise Misplaced(("slos", index, "latency", "route"), f"is none of {', '.join(ROUTES)}")
        return self

    @model_validator(mode="after")
    def _judged_by_its_own(self) -> "ShortenerAppSpec":
        refuse_strangers(self.rollout, {slo.name: slo.has_now for slo in self.slos})
        return self


def revision_of_spec(spec: ShortenerAppSpec) -> str:
    """The revision that this spec wants: a hash of its release, the live fields left out."""
    database, cache = spec.database, spec.cache
    return revision_of(
        {
            "image": spec.image,
            "version": spec.version,
            "settings": spec.settings,
            "auth": spec.auth,
            "resources": spec.resources,
            "scheduling": spec.scheduling,
            "imagePullSecrets": ",".join(secret.name for secret in spec.image_pull_secrets),
            "database": database.external and f"external/{database.external.secret_ref.name}",
            "cache": cache.external and f"external/{cache.external.secret_ref.name}",
        }
    )
