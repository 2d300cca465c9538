"""The Job of a generation: it brings the schema to this release, fills the generation and proves it."""

from typing import Any

from toprope.core.resource import Resource
from toprope.kinds.searchindex.render import environment, files
from toprope.serving import places
from toprope.serving.parts import Resources
from toprope.serving.render import secrets
from toprope.serving.render.job import job, program, refusable
from toprope.serving.render.pod import container, pod_spec
from toprope.serving.render.resources import Usual, resources

INGEST = "ingest"
CHECK = "check"
_USUAL = Usual("250m", "384Mi", "1Gi")
_DEADLINE = 24 * 3600
"""Seconds. A million documents take hours; what was done by then is not done again."""


def generation(resource: Resource, revision: str, image: str) -> dict[str, Any]:
    """Checks and migrates the schema, then fills the generation of one revision, with the image of that revision."""
    store = resource.spec.source.object_store
    keys = [
        *secrets.database(resource, places.OWNER_PASSWORD),
        *(secrets.store(store.secret_ref.name) if store else []),
    ]
    check = program(CHECK, image, environment.check(resource, revision), "migrate", "--check")
    migrate = program("migrate", image, environment.migrate(resource, revision), "migrate")
    source = files.source_volumes(resource.spec.source)
    ingest = program(
        INGEST, image, environment.ingest(resource, revision), "ingest",
        usual=resources(Resources(), _USUAL), mounts=[files.SOURCE_MOUNT] if source else [],
    )  # fmt: skip
    first = [container(check), container(migrate)]
    spec = pod_spec(resource, [ingest], [secrets.volume(keys), *source], initContainers=first)
    rules = (refusable(CHECK), refusable(INGEST))
    return job(resource, INGEST, revision, spec, *rules, deadline=_DEADLINE)
