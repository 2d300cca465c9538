"""The embedded cache: one pod that may lose everything at any time."""

from typing import Any

from toprope.core.quantity import canonical, mebibytes
from toprope.core.resource import Resource, image_of
from toprope.serving import places
from toprope.serving.parts import EmbeddedCache
from toprope.serving.render import secrets
from toprope.serving.render.pod import Container, pod_spec, template


def cache(resource: Resource, part: EmbeddedCache) -> dict[str, Any]:
    """The Deployment; two caches at once would only disagree, so the old pod goes first."""
    volumes = [secrets.volume(secrets.own_keys(resource, places.CACHE_PASSWORD))]
    spec = pod_spec(resource, [_server(resource, part)], volumes, terminationGracePeriodSeconds=5)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": places.metadata(resource, places.CACHE),
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": places.selector(resource, places.CACHE)},
            "template": template(resource, places.CACHE, None, spec),
        },
    }


def _server(resource: Resource, part: EmbeddedCache) -> Container:
    listens = {"tcpSocket": {"port": places.CACHE}}
    return Container(
        name="cache",
        image=image_of(resource.installation, "cache"),
        resources=_resources(part),
        env=[{"name": "CACHE_MAXMEMORY", "value": f"{mebibytes(part.max_memory)}mb"}],
        mounts=[secrets.MOUNT],
        more={
            "ports": [{"name": places.CACHE, "containerPort": places.CACHE_PORT, "protocol": "TCP"}],
            "startupProbe": {**listens, "periodSeconds": 1, "failureThreshold": 60},
            "readinessProbe": {**listens, "periodSeconds": 2},
            "livenessProbe": {**listens, "periodSeconds": 10},
        },
    )


def _resources(part: EmbeddedCache) -> dict[str, Any]:
    """Beside the links, the server needs room for its own tables and for copies while it works."""
    links = mebibytes(part.max_memory)
    return {
        "requests": {"cpu": "25m", "memory": canonical(f"{links}Mi")},
        "limits": {"memory": canonical(f"{2 * links + 32}Mi")},
    }
