"""Releases by the other strategies, on real pods under people who come as they like: probes and one switch, and whole
pods as shares where Toprope knows no gateway. Pods that are evicted meanwhile are nobody's fault."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.load import Load
from tests.e2e.releases import STARTS, failed, goes_to, ill, status, weights
from tests.e2e.world import World, a_shortener, until

PER_SECOND = 60.0
SPEC: dict[str, Any] = {
    "slos": [{"name": "availability", "objective": "99", "availability": {}}],
    "rollout": {"strategy": "BlueGreen", "bake": "20s"},
    "replicas": {"min": 2, "max": 2},
    # Up to four of them are there at once, beside other stories.
    "resources": {"requests": {"cpu": "10m"}},
}


@pytest.fixture(scope="module")
def links(world: World) -> World:
    world.apply(a_shortener(world, **SPEC))
    world.wait_ready("links")
    world.make_link("first")
    return world


@pytest.fixture
def load(links: World) -> Iterator[Load]:
    with Load(links, ["/first"], PER_SECOND) as lasting:
        yield lasting


def told(world: World, reason: str) -> list[str]:
    """What the Events of this reason say."""
    return [one["message"] for one in world.find("events") if one["reason"] == reason]


def test_blue_green_is_probed_and_gets_all_requests_at_once(links: World, load: Load) -> None:
    before = status(links)["revision"]["stable"]
    links.patch("links", {"settings": {"slugLength": 9}})
    seen = []

    def bakes() -> bool:
        seen.append(weights(links))
        return bool(status(links)["rollout"]["phase"] == "Baking")

    until(bakes, lambda: f"no bake: {status(links)}", STARTS)
    candidate = status(links)["revision"]["candidate"]
    assert all(one in ({before: 100_000}, {candidate: 100_000}) for one in seen), seen
    (said,) = told(links, "ProbesPassed")
    assert "0 bad of 200 probes" in said
    goes_to(links, "Idle", 90)
    assert status(links)["revision"]["stable"] == candidate
    assert not failed(load), failed(load)[:5]


def test_one_that_fails_its_probes_never_has_a_user(links: World, load: Load, tmp_path: Path) -> None:
    stable = status(links)["revision"]["stable"]
    links.patch("links", {"image": ill("ill-fails-often", "fails=0.2", tmp_path)})
    taken_back = goes_to(links, "Failed", STARTS)
    assert taken_back["reason"] == "ProbesFailed"
    assert "of 200 probes" in taken_back["message"]
    assert weights(links) == {stable: 100_000}
    assert not failed(load), failed(load)[:5]
    links.patch("links", {"image": None})
    goes_to(links, "Idle", 60)


def a_route(world: World) -> dict[str, Any]:
    """Somebody's own, to the plain Service."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "by-hand", "namespace": world.namespace},
        "spec": {
            "parentRefs": [{"name": "public", "namespace": "infra"}],
            "hostnames": [world.hostname],
            "rules": [{"backendRefs": [{"name": "links-web", "port": 80}]}],
        },
    }


@pytest.fixture(scope="module")
def unrouted(links: World) -> World:
    """Without a gateway that Toprope knows of."""
    links.apply(a_route(links))
    steps = [{"weight": "50%", "hold": "20s"}]
    links.patch("links", {"traffic": None, "rollout": {"strategy": "Canary", "steps": steps}})
    until(lambda: not links.find("httproutes", "toprope.dev/name=links"), lambda: "its route is still there", 30)
    with links.visitor() as visitor:
        until(lambda: visitor.get("/first").status_code == 302, lambda: "nobody answers", 30)
    return links


def evict(world: World, revision: str) -> None:
    """One of its web pods, as a drain does it."""
    pod = world.find("pods", f"toprope.dev/revision={revision},app.kubernetes.io/component=web")[0]["metadata"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod["name"]}}
    path = f"/api/v1/namespaces/{world.namespace}/pods/{pod['name']}/eviction"
    world.kubectl("create", "--raw", path, "-f", "-", given=json.dumps(eviction))


def are_ready(world: World, *revisions: str) -> bool:
    found = [(world.get("deployment", f"links-web-{one}") or {}).get("status", {}) for one in revisions]
    return all(one.get("readyReplicas") == one.get("replicas") == 2 for one in found)


def test_pods_are_shares_without_a_gateway_and_evicted_ones_nobodys_fault(unrouted: World, load: Load) -> None:
    before = status(unrouted)["revision"]["stable"]
    unrouted.patch("links", {"settings": {"slugLength": 8}})
    held = goes_to(unrouted, "Holding", STARTS)
    candidate = status(unrouted)["revision"]["candidate"]
    assert (held["weight"], held["countedBy"]) == ("50%", "Pods")
    for one in (candidate, before):
        evict(unrouted, one)
        time.sleep(1)
        until(lambda: are_ready(unrouted, before, candidate), lambda: f"{status(unrouted)}", 60)
    goes_to(unrouted, "Idle", 120)
    assert status(unrouted)["revision"]["stable"] == candidate, status(unrouted)["rollout"]
    assert not failed(load), failed(load)[:5]
