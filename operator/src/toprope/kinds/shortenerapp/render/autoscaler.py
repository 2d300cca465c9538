"""How many web pods of a revision there are. There always is one autoscaler, also with min = max."""

from typing import Any

from toprope.core.resource import Resource
from toprope.kinds.shortenerapp import places

_CPU = 70
"""Percent of the requested CPU: a third is left for a burst until the next pod is there."""


def autoscaler(resource: Resource, revision: str, least: int) -> dict[str, Any]:
    """The HorizontalPodAutoscaler, with at least `least` pods."""
    target = {"type": "Utilization", "averageUtilization": _CPU}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": places.metadata(resource, places.WEB, revision),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": places.name(resource, places.WEB, revision),
            },
            "minReplicas": least,
            "maxReplicas": resource.spec.replicas.max,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }
