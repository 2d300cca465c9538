"""Web pods are counted by what they do: metrics-server answers, and the autoscaler acts on what it says."""

from typing import Any

from tests.e2e.releases import STARTS, goes_to, status
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


def ready(world: World, revision: str | None = None) -> int:
    """Web pods, of the only revision there is or of this one."""
    of = f",toprope.dev/revision={revision}" if revision else ""
    (found,) = world.find("deployments", f"toprope.dev/name=links,app.kubernetes.io/component=web{of}")
    return int(found["status"].get("readyReplicas", 0))


def test_pods_that_do_more_than_was_asked_for_get_company(world: World) -> None:
    # Whatever a pod does is more than that.
    world.apply(a_shortener(world, replicas={"min": 1, "max": 2}, resources={"requests": {"cpu": "1m"}}))
    world.wait_ready("links")
    until(lambda: usage(world) is not None, lambda: f"no metric: {autoscaler(world)['status']}", BOTH, every=1)
    assert "unknown" not in world.kubectl("get", "hpa", "--no-headers")
    until(lambda: ready(world) == 2, lambda: f"{ready(world)} ready pods: {autoscaler(world)['status']}", 120, every=1)
    assert autoscaler(world)["spec"]["minReplicas"] == 1


def test_a_release_and_the_autoscaler_do_not_fight(world: World) -> None:
    before = status(world)["revision"]["stable"]
    # Without SLOs nobody is judged; time and facts decide.
    steps = {"strategy": "Canary", "steps": [{"weight": "50%", "hold": "40s"}], "bake": "5s"}
    world.patch("links", {"settings": {"slugLength": 9}, "rollout": steps})
    goes_to(world, "Holding", STARTS)
    world.patch("links", {"replicas": {"max": 3}})
    candidate = status(world)["revision"]["candidate"]
    seen = []

    def is_over() -> bool:
        told = status(world)
        if told["rollout"]["phase"] in ("Shifting", "Holding"):
            seen.append((ready(world, before), ready(world, candidate)))
        return bool(told["rollout"]["phase"] == "Idle")

    until(is_over, lambda: f"{status(world)['rollout']}", 240)
    assert status(world)["revision"]["stable"] == candidate
    # Stable had two, was not shrunk, and grew to the new bound while the candidate had half of its requests.
    assert (min(stable for stable, _ in seen), max(stable for stable, _ in seen)) == (2, 3), seen
    assert min(mine for _, mine in seen) >= 2, seen
