"""What all our pods have in common: they satisfy the Pod Security Standard `restricted`, and write only to /tmp."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.scheduling import Toleration

USER = 65532
"""Numeric, so that the kubelet can see that it is not root; the same in all our images."""

_TMP = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - a folder of the pod's own


@dataclass(frozen=True, slots=True)
class Container:
    """One container, in our words."""

    name: str
    image: str
    resources: Mapping[str, Any]
    args: Sequence[str] = ()
    env: Sequence[Mapping[str, Any]] = ()
    mounts: Sequence[Mapping[str, Any]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    """Ports, probes, lifecycle."""


def container(it: Container) -> dict[str, Any]:
    """The container with everything locked that can be locked."""
    return {
        "name": it.name,
        "image": it.image,
        "imagePullPolicy": "IfNotPresent",
        **({"args": list(it.args)} if it.args else {}),
        **({"env": list(it.env)} if it.env else {}),
        "resources": it.resources,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [_TMP, *it.mounts],
        **it.more,
    }


def pod_spec(
    resource: Resource, containers: Sequence[Container], volumes: Sequence[Mapping[str, Any]], **more: Any
) -> dict[str, Any]:
    """The pod of these containers, without rights in the cluster."""
    return {
        "serviceAccountName": places.name(resource, places.WEB),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container(it) for it in containers],
        "volumes": [{"name": "tmp", "emptyDir": {}}, *volumes],
        **more,
    }


def placement(resource: Resource) -> dict[str, Any]:
    """Where the pods of a release may run, and what their images are pulled with."""
    scheduling = resource.spec.scheduling
    said = {
        "imagePullSecrets": [{"name": secret.name} for secret in resource.spec.image_pull_secrets],
        "nodeSelector": dict(scheduling.node_selector),
        "tolerations": [_toleration(one) for one in scheduling.tolerations],
        "priorityClassName": scheduling.priority_class_name,
    }
    return {name: value for name, value in said.items() if value}


def _toleration(one: Toleration) -> dict[str, Any]:
    plain = one.model_dump(by_alias=True, exclude_none=True)
    return {name: value for name, value in plain.items() if value != ""}


def template(resource: Resource, component: str, revision: str | None, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The pod template of a component."""
    return {"metadata": {"labels": places.labels(resource, component, revision)}, "spec": spec}
