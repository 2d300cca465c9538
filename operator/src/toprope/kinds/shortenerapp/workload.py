"""The link shortener, as a ShortenerApp carries it."""

from typing import Any

from toprope.core.resource import Resource
from toprope.kinds.shortenerapp.migrations import MIGRATIONS
from toprope.kinds.shortenerapp.render import environment
from toprope.kinds.shortenerapp.render.jobs import migration, rotation
from toprope.kinds.shortenerapp.routes import PROBE, ROUTES
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.serving import places
from toprope.serving.render import secrets
from toprope.serving.render.resources import Usual
from toprope.serving.render.web_deployment import Web, web_deployment
from toprope.serving.workload import Workload

_USUAL = Usual("100m", "128Mi", "256Mi")


def _rendered(resource: Resource, revision: str, image: str) -> list[dict[str, Any]]:
    files = [*secrets.database(resource, places.APP_PASSWORD), *secrets.cache(resource)]
    web = Web("shortener", environment.web(resource), files, _USUAL)
    return [web_deployment(resource, revision, image, web), migration(resource, revision, image)]


SHORTENER = Workload(
    name="shortener",
    routes=ROUTES,
    probe=PROBE,
    setting="spec.settings.logLevel",
    without_cache="Redirects go on without the cache; rate limits hold for each pod alone.",
    preparing=MIGRATIONS,
    revision_of=revision_of_spec,
    rendered=_rendered,
    rotation=rotation,
)
