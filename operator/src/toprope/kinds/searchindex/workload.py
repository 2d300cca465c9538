"""The search service, as a SearchIndex carries it."""

from typing import Any

from toprope.core.resource import Resource
from toprope.kinds.searchindex.generations import GENERATIONS
from toprope.kinds.searchindex.render import environment, files
from toprope.kinds.searchindex.render.jobs import generation
from toprope.kinds.searchindex.render.live import live
from toprope.kinds.searchindex.routes import PROBE, ROUTES
from toprope.kinds.searchindex.source import called
from toprope.kinds.searchindex.spec import revision_of_spec
from toprope.serving import places
from toprope.serving.render import secrets
from toprope.serving.render.resources import Usual
from toprope.serving.render.web_deployment import Web, web_deployment
from toprope.serving.workload import Workload

_USUAL = Usual("250m", "320Mi", "768Mi")


def _rendered(resource: Resource, revision: str, image: str) -> list[dict[str, Any]]:
    keys = [*secrets.database(resource, places.APP_PASSWORD), *secrets.own_keys(resource, places.API_KEY)]
    web = Web(
        "search", environment.web(resource, revision), keys, _USUAL, [files.live_volume(resource)], [files.LIVE_MOUNT]
    )
    return [web_deployment(resource, revision, image, web), generation(resource, revision, image)]


SEARCH = Workload(
    name="search",
    routes=ROUTES,
    probe=PROBE,
    setting="spec.settings.logLevel",
    without_cache="",
    preparing=GENERATIONS,
    revision_of=revision_of_spec,
    rendered=_rendered,
    user_secrets=lambda spec: [spec.source.object_store.secret_ref.name] if spec.source.object_store else [],
    calls=lambda spec: called(spec.source),
    live=lambda resource: [live(resource)],
)
