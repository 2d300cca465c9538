"""Jobs: what must happen once, before a revision may run or to end a rotation.

A Job tries once; the operator tries again by making it anew after a growing pause, which stands in the status.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from toprope.core.names import short_hash
from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.parts import Resources
from toprope.serving.render import secrets
from toprope.serving.render.pod import Container, placement, template
from toprope.serving.render.resources import JOB, resources

REFUSED = 3
"""Exit code of a program that says: no other try can help."""

_DISRUPTED = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
"""A pod that a node drain took has not failed."""
_DEADLINE = 3600
"""Seconds. A large index may take long to build; longer than this nobody is looking any more."""


def refusable(program: str) -> dict[str, Any]:
    """The rule that makes the Job itself say, for as long as it is there, that this container refused."""
    codes = {"containerName": program, "operator": "In", "values": [REFUSED]}
    return {"action": "FailJob", "onExitCodes": codes}


def rotation_mark(rotation_id: str) -> str:
    """What stands in the Job's name for an id that people chose."""
    return short_hash(rotation_id)


def program(
    name: str,
    image: str,
    env: Sequence[Mapping[str, Any]],
    *args: str,
    usual: Mapping[str, Any] | None = None,
    mounts: Sequence[Mapping[str, Any]] = (),
) -> Container:
    """One step of a Job, which may leave a sentence behind."""
    return Container(
        name=name,
        image=image,
        resources=usual or resources(Resources(), JOB),
        args=args,
        env=env,
        mounts=[secrets.MOUNT, *mounts],
        more={"terminationMessagePolicy": "File"},
    )


def job(
    resource: Resource,
    component: str,
    mark: str,
    spec: dict[str, Any],
    *rules: Mapping[str, Any],
    deadline: int = _DEADLINE,
) -> dict[str, Any]:
    """The Job of a component, marked with what it is for; `rules` of its pods' failures beside the usual one."""
    spec = {**spec, "restartPolicy": "Never", **placement(resource)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": places.metadata(resource, component, mark),
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": deadline,
            "podFailurePolicy": {"rules": [_DISRUPTED, *rules]},
            "template": template(resource, component, mark, spec),
        },
    }
