"""Keeps voluntary disruptions from taking more than one web pod at a time, where that can be satisfied at all."""

from typing import Any

from toprope.core.resource import Resource
from toprope.serving import places


def pod_disruption_budget(resource: Resource) -> dict[str, Any] | None:
    """None for a single replica: a budget would block every node drain for ever."""
    if resource.spec.replicas.min < 2:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": places.metadata(resource, places.WEB),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": places.selector(resource, places.WEB)},
        },
    }
