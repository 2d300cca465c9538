"""Database or cache are gone for a while: what is cached goes on, the rest says so, all comes back by itself."""

from uuid import uuid4

import httpx
import pytest

from tests.e2e.world import World, a_shortener, until

CACHE = "toprope.dev/name=links,app.kubernetes.io/component=cache"


@pytest.fixture(scope="module")
def links(world: World) -> World:
    world.apply(a_shortener(world, replicas={"min": 1, "max": 1}))
    world.wait_ready("links")
    world.make_link("hot")
    world.make_link("cold")
    return world


def restarts(world: World) -> int:
    pods = world.find("pods", "toprope.dev/name=links,app.kubernetes.io/component=web")
    return sum(one["restartCount"] for pod in pods for one in pod["status"].get("containerStatuses", []))


def asked(visitor: httpx.Client, path: str) -> httpx.Response:
    """What is answered, while the known link goes on."""
    assert visitor.get("/hot").status_code == 302
    return visitor.get(path)


def told_to_come_again(visitor: httpx.Client) -> bool:
    """Whether a slug that nobody asked for before meets no database."""
    answer = asked(visitor, f"/{uuid4()}")
    if answer.status_code == 404:
        return False
    assert (answer.status_code, int(answer.headers.get("retry-after", 0)) >= 1) == (503, True), answer.text
    return True


def test_the_database_dies_under_redirects(links: World) -> None:
    web = {pod["metadata"]["uid"] for pod in links.find("pods", "app.kubernetes.io/component=web")}
    with links.visitor() as visitor:
        assert visitor.get("/hot").status_code == 302
        links.kubectl("delete", "pod", "links-database-0", "--grace-period=0", "--force", "--wait=false")
        until(lambda: told_to_come_again(visitor), lambda: "no unknown link was answered with 503", 20, every=0.1)
        until(lambda: asked(visitor, "/cold").status_code == 302, lambda: "the database did not come back", 60)
    assert restarts(links) == 0
    assert {pod["metadata"]["uid"] for pod in links.find("pods", "app.kubernetes.io/component=web")} == web


def caches(world: World) -> list[str]:
    """The pods that hold the cache, those on their way out as well."""
    return [pod["metadata"]["name"] for pod in world.find("pods", CACHE)]


def test_a_redirect_never_fails_because_the_cache_does(links: World) -> None:
    links.make_link("unseen")
    # Else it is back before anybody has asked: Toprope puts right what is scaled away.
    links.kubectl("annotate", "sapp", "links", "toprope.dev/reconcile=disabled")
    links.kubectl("scale", "deployment", "links-cache", "--replicas=0")
    links.kubectl("delete", "pod", "-l", CACHE, "--grace-period=0", "--force")
    until(lambda: not caches(links), lambda: f"still there: {caches(links)}", 30)
    with links.visitor() as visitor:
        answers = {visitor.get(path).status_code for path in ("/hot", "/cold", "/unseen") * 10}
        unknown = visitor.get(f"/{uuid4()}").status_code
    assert not caches(links)
    assert (answers, unknown) == ({302}, 404)
    links.kubectl("annotate", "sapp", "links", "toprope.dev/reconcile-")
    links.wait_condition("links", "Reconciled", "AllApplied")
    links.kubectl("rollout", "status", "deployment/links-cache", "--timeout=60s")
    until(lambda: not links.condition("links", "CacheReady"), lambda: told_of_cache(links), 30)
    assert "CacheReady: " in links.kubectl("get", "events", "--field-selector", "reason=CacheNotReady")
    assert restarts(links) == 0


def told_of_cache(world: World) -> str:
    """It is said only while there is trouble."""
    return f"CacheReady is {world.condition('links', 'CacheReady')}"
