"""The operator's pod is killed at moments by chance: what it began is ended by its successor, in the same world."""

import asyncio
import random
import time
from functools import partial
from typing import Any

from dev.build.images import PREFIX
from tests.e2e.world import World, a_shortener, until
from toprope import __version__
from toprope.cli.rendering import children, resource_from
from toprope.core.resource import Installation
from toprope.kinds import KINDS

SEED = 20261123
KILLS = 2
"""Of each of creation, release and deletion."""
WITHIN = 3.0
"""Seconds after the change, and after the kill before: a start takes about as long."""
OPERATOR = "app.kubernetes.io/name=toprope,app.kubernetes.io/component=operator"
COMPARED = {
    "Deployment": "deployments", "StatefulSet": "statefulsets", "Service": "services", "HTTPRoute": "httproutes",
    "HorizontalPodAutoscaler": "hpa", "NetworkPolicy": "networkpolicies", "ServiceAccount": "serviceaccounts",
    "PersistentVolumeClaim": "pvc", "Secret": "secrets",
}  # fmt: skip
DATA = {("PersistentVolumeClaim", "links-database"), ("Secret", "links-credentials")}
INSTALLATION = Installation(__version__, PREFIX, "toprope-system", "monitoring")


def operators(world: World) -> set[str]:
    listed = world.kubectl("get", "pods", "-l", OPERATOR, "-o", "name", namespace="toprope-system")
    return set(listed.split())


def kill(world: World, chance: random.Random) -> None:
    """By force, again and again, without a moment to end what it does; each time another pod takes its place."""
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.1, WITHIN))
        killed = operators(world)
        force = ("--grace-period=0", "--force", "--wait=false")
        world.kubectl("delete", "pod", "-l", OPERATOR, *force, namespace="toprope-system")
        until(partial(another, world, killed), lambda: "no other operator came", 30)


def another(world: World, killed: set[str]) -> bool:
    return bool(operators(world) - killed)


def expected(manifest: dict[str, Any]) -> set[tuple[str, str]]:
    """What the resource ends up with where nobody is killed: as `toprope render` says it."""
    found = asyncio.run(children(*resource_from(manifest, KINDS, INSTALLATION)))
    return {(one["kind"], one["metadata"]["name"]) for one in found if one["kind"] in COMPARED}


def there(world: World) -> set[tuple[str, str]]:
    found = world.find(",".join(COMPARED.values()), "toprope.dev/name=links")
    return {(one["kind"], one["metadata"]["name"]) for one in found}


def ends_as(world: World, wanted: set[tuple[str, str]]) -> None:
    until(lambda: there(world) == wanted, lambda: f"too many or missing: {there(world) ^ wanted}", 90)


def test_whatever_was_begun_is_ended_by_the_next_one(world: World) -> None:
    chance = random.Random(SEED)
    born = a_shortener(world)
    world.apply(born)
    kill(world, chance)
    world.wait_ready("links")
    ends_as(world, expected(born))
    world.make_link("kept")
    password = world.secret("links-credentials", "app-password")

    changed = a_shortener(world, settings={"slugLength": 9})
    world.apply(changed)
    kill(world, chance)
    ends_as(world, expected(changed))
    world.wait_ready("links")
    with world.visitor() as visitor:
        assert visitor.get("/kept").status_code == 302

    world.kubectl("delete", "sapp", "links", "--wait=false")
    kill(world, chance)
    until(lambda: world.get("sapp", "links") is None, lambda: "the resource does not go", 90)
    ends_as(world, DATA)
    assert world.secret("links-credentials", "app-password") == password
