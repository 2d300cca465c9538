"""How many web pods of a revision there are. There always is one autoscaler, also with min = max."""

from dataclasses import dataclass
from typing import Any

from toprope.core.resource import Resource
from toprope.serving import places

_CPU = 70
"""Percent of the requested CPU: a third is left for a burst until the next pod is there."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Fewest and most pods; both the same hold it at one size."""

    least: int
    most: int


def autoscaler(resource: Resource, revision: str, bounds: Bounds) -> dict[str, Any]:
    """The HorizontalPodAutoscaler."""
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
            "minReplicas": bounds.least,
            "maxReplicas": bounds.most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }
