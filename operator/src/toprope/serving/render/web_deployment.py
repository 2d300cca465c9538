"""The web pods of one revision. Rendered once: what runs is never changed in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.render import secrets
from toprope.serving.render.pod import Container, placement, pod_spec, template
from toprope.serving.render.resources import Usual, resources
from toprope.serving.scheduling import TopologySpread

_GRACE = 45
"""Seconds from preStop to SIGKILL: 5 s until the gateway has heard, 20 s to answer and to write clicks, and room."""


@dataclass(frozen=True, slots=True)
class Web:
    """What a kind's web pods are, beside what all of them have in common."""

    name: str
    """Of the container."""
    env: Sequence[Mapping[str, Any]]
    secrets: Sequence[dict[str, Any]]
    """The keys of Secrets that they see as files."""
    usual: Usual
    """CPU and memory where the spec says nothing."""
    volumes: Sequence[Mapping[str, Any]] = ()
    mounts: Sequence[Mapping[str, Any]] = ()


def web_deployment(resource: Resource, revision: str, image: str, web: Web) -> dict[str, Any]:
    """The Deployment; how many pods is the autoscaler's business, so it says no `replicas`."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": places.metadata(resource, places.WEB, revision),
        "spec": {
            "revisionHistoryLimit": 1,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": places.selector(resource, places.WEB, revision)},
            "template": template(resource, places.WEB, revision, _pod(resource, revision, image, web)),
        },
    }


def _pod(resource: Resource, revision: str, image: str, web: Web) -> dict[str, Any]:
    files = secrets.volume(web.secrets)
    placed = {**placement(resource), **_spreading(resource, places.selector(resource, places.WEB, revision))}
    return pod_spec(
        resource,
        [_service(resource, image, web)],
        [files, *web.volumes],
        terminationGracePeriodSeconds=_GRACE,
        **placed,
    )


def _service(resource: Resource, image: str, web: Web) -> Container:
    def asks(path: str, period: int, failures: int) -> dict[str, Any]:
        return {
            "httpGet": {"path": path, "port": "ops"},
            "periodSeconds": period,
            "timeoutSeconds": 2,
            "failureThreshold": failures,
        }

    return Container(
        name=web.name,
        image=image,
        resources=resources(resource.spec.resources, web.usual),
        args=["serve"],
        env=web.env,
        mounts=[secrets.MOUNT, *web.mounts],
        more={
            "ports": [
                {"name": "http", "containerPort": places.HTTP_PORT, "protocol": "TCP"},
                {"name": "ops", "containerPort": places.OPS_PORT, "protocol": "TCP"},
            ],
            "startupProbe": asks("/healthz", 1, 60),
            "readinessProbe": asks("/readyz", 2, 2),
            "livenessProbe": asks("/healthz", 10, 3),
            # Until every gateway has heard that the pod goes, it still answers.
            "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        },
    )


def _spreading(resource: Resource, selector: dict[str, str]) -> dict[str, Any]:
    spreads = [_spread(one, selector) for one in resource.spec.scheduling.topology_spread]
    return {"topologySpreadConstraints": spreads} if spreads else {}


def _spread(one: TopologySpread, selector: dict[str, str]) -> dict[str, Any]:
    return {**one.model_dump(by_alias=True), "labelSelector": {"matchLabels": selector}}
