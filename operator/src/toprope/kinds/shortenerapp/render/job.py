"""Jobs: what must happen once, before a revision may run or to end a rotation.

A Job tries once; the operator tries again by making it anew after a growing pause, which stands in the status.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from toprope.core.names import short_hash
from toprope.core.resource import Resource
from toprope.kinds.shortenerapp import places
from toprope.kinds.shortenerapp.parts import Resources
from toprope.kinds.shortenerapp.render import environment, secrets
from toprope.kinds.shortenerapp.render.pod import Container, container, placement, pod_spec, template
from toprope.kinds.shortenerapp.render.resources import JOB, resources

CHECK = "check"
"""The container that looks at the migration before it is run."""
REFUSED = 3
"""Its exit code when what runs could not live with the migration: no other try can help."""

_DISRUPTED = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
"""A pod that a node drain took has not failed."""
_REFUSED = {"action": "FailJob", "onExitCodes": {"containerName": CHECK, "operator": "In", "values": [REFUSED]}}
"""Makes the Job itself say that it was refused, for as long as it is there."""
_DEADLINE = 3600
"""Seconds. A large index may take long to build; longer than this nobody is looking any more."""


def migration(resource: Resource, revision: str, image: str) -> dict[str, Any]:
    """Checks, then migrates the database for one revision, with the image of that revision."""
    files = secrets.volume(secrets.migrate(resource))
    step = _program("migrate", image, environment.migrate(resource, revision), "migrate")
    check = _program(CHECK, image, environment.check(resource, revision), "migrate", "--check")
    spec = pod_spec(resource, [step], [files], initContainers=[container(check)])
    return _job(resource, places.MIGRATE, revision, spec, _REFUSED)


def rotation(resource: Resource, rotation_id: str, image: str, *, own_cache: bool) -> dict[str, Any]:
    """Brings the servers to the passwords that wait beside the current ones."""
    files = secrets.volume(secrets.rotate(resource, own_cache=own_cache))
    step = _program("rotate", image, environment.rotate(resource, own_cache=own_cache), "rotate")
    return _job(resource, places.ROTATE, rotation_mark(rotation_id), pod_spec(resource, [step], [files]))


def rotation_mark(rotation_id: str) -> str:
    """What stands in the Job's name for an id that people chose."""
    return short_hash(rotation_id)


def _program(name: str, image: str, env: Sequence[Mapping[str, Any]], *args: str) -> Container:
    usual = resources(Resources(), JOB)
    return Container(
        name=name,
        image=image,
        resources=usual,
        args=args,
        env=env,
        mounts=[secrets.MOUNT],
        more={"terminationMessagePolicy": "File"},
    )


def _job(
    resource: Resource, component: str, mark: str, spec: dict[str, Any], *rules: Mapping[str, Any]
) -> dict[str, Any]:
    spec = {**spec, "restartPolicy": "Never", **placement(resource)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": places.metadata(resource, component, mark),
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": _DEADLINE,
            "podFailurePolicy": {"rules": [_DISRUPTED, *rules]},
            "template": template(resource, component, mark, spec),
        },
    }
