"""The Jobs of a ShortenerApp: a migration before each revision, and the end of a rotation."""

from typing import Any

from toprope.core.resource import Resource
from toprope.kinds.shortenerapp.render import environment
from toprope.serving import places
from toprope.serving.render import secrets
from toprope.serving.render.job import job, program, refusable, rotation_mark
from toprope.serving.render.pod import container, pod_spec

MIGRATE = "migrate"
CHECK = "check"
"""The container that looks at the migration before it is run."""


def migration(resource: Resource, revision: str, image: str) -> dict[str, Any]:
    """Checks, then migrates the database for one revision, with the image of that revision."""
    files = [*secrets.database(resource, places.OWNER_PASSWORD), *secrets.own_keys(resource, places.API_KEY)]
    step = program(MIGRATE, image, environment.migrate(resource, revision), "migrate")
    check = program(CHECK, image, environment.check(resource, revision), "migrate", "--check")
    spec = pod_spec(resource, [step], [secrets.volume(files)], initContainers=[container(check)])
    return job(resource, MIGRATE, revision, spec, refusable(CHECK))


def rotation(resource: Resource, rotation_id: str, image: str, *, own_cache: bool) -> dict[str, Any]:
    """Brings the servers to the passwords that wait beside the current ones."""
    files = secrets.volume(secrets.rotate(resource, own_cache=own_cache))
    step = program("rotate", image, environment.rotate(resource, used_cache=own_cache), "rotate")
    return job(resource, places.ROTATE, rotation_mark(rotation_id), pod_spec(resource, [step], [files]))
