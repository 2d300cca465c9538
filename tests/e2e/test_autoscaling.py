"""Web pods are counted by what they do: metrics-server answers, and the autoscaler acts on what it says."""

from typing import Any

from tests.e2e.world import World, a_shortener, until

BOTH = 180.0
"""Seconds until metrics-server has looked at a pod twice, and the autoscaler at metrics-server."""


def autoscaler(world: World) -> dict[str, Any]:
    (found,) = world.find("hpa", "toprope.dev/name=links")
    return found


def usage(world: World) -> int | None:
    """Percent of the requested CPU, as `kubectl get hpa` shows it under TARGETS; None where that says <unknown>."""
    for metric in autoscaler(world)["status"].get("currentMetrics") or ():
        found: int | None = metric.get("resource", {}).get("current", {}).get("averageUtilization")
        return found
    return None


def ready(world: World) -> int:
    (found,) = world.find("deployments", "toprope.dev/name=links,app.kubernetes.io/component=web")
    return int(found["status"].get("readyReplicas", 0))


def test_pods_that_do_more_than_was_asked_for_get_company(world: World) -> None:
    # Whatever a pod does is more than that.
    world.apply(a_shortener(world, replicas={"min": 1, "max": 2}, resources={"requests": {"cpu": "1m"}}))
    world.wait_ready("links")
    until(lambda: usage(world) is not None, lambda: f"no metric: {autoscaler(world)['status']}", BOTH, every=1)
    assert "unknown" not in world.kubectl("get", "hpa", "--no-headers")
    until(lambda: ready(world) == 2, lambda: f"{ready(world)} ready pods: {autoscaler(world)['status']}", 120, every=1)
    assert autoscaler(world)["spec"]["minReplicas"] == 1
