"""The embedded database: one Postgres pod on the one claim."""

from typing import Any

from toprope.core.resource import Resource, image_of
from toprope.serving import connections, places
from toprope.serving.parts import EmbeddedDatabase
from toprope.serving.render import secrets
from toprope.serving.render.pod import Container, pod_spec, template
from toprope.serving.render.resources import DATABASE, resources

_DATA = {"name": "data", "mountPath": "/var/lib/postgresql/data"}


def database(resource: Resource, part: EmbeddedDatabase) -> dict[str, Any]:
    """The StatefulSet: never two pods on one volume, also when a node is lost."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": places.metadata(resource, places.DATABASE),
        "spec": {
            "replicas": 1,
            # One by one, a pod that never got ready would not be replaced after its template was cured.
            "podManagementPolicy": "Parallel",
            "serviceName": places.name(resource, places.DATABASE),
            "selector": {"matchLabels": places.selector(resource, places.DATABASE)},
            "template": template(resource, places.DATABASE, None, _pod(resource, part)),
        },
    }


def _pod(resource: Resource, part: EmbeddedDatabase) -> dict[str, Any]:
    passwords = secrets.own_keys(resource, places.OWNER_PASSWORD, places.APP_PASSWORD)
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": places.name(resource, places.DATABASE)}}
    return pod_spec(
        resource,
        [_postgres(resource, part)],
        [claim, secrets.volume(passwords)],
        terminationGracePeriodSeconds=60,
    )


def _postgres(resource: Resource, part: EmbeddedDatabase) -> Container:
    listens = {"tcpSocket": {"port": places.DATABASE}}
    return Container(
        name="postgres",
        image=image_of(resource.installation, "postgres"),
        resources=resources(part.resources, DATABASE),
        env=[{"name": "POSTGRES_MAX_CONNECTIONS", "value": str(connections.EMBEDDED)}],
        mounts=[secrets.MOUNT, _DATA],
        more={
            "ports": [{"name": places.DATABASE, "containerPort": places.DATABASE_PORT, "protocol": "TCP"}],
            # It listens before it answers; only the first answer counts as a start. Replaying a gigabyte of WAL after
            # a crash takes minutes: ten of them, then a restart.
            "startupProbe": {
                "exec": {"command": ["toprope-postgres", "ready"]},
                "periodSeconds": 1,
                "timeoutSeconds": 3,
                "failureThreshold": 600,
            },
            "readinessProbe": {**listens, "periodSeconds": 2, "failureThreshold": 2},
            "livenessProbe": {**listens, "periodSeconds": 10, "failureThreshold": 6},
        },
    )
