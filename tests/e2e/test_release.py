"""A changed release starts beside the running one, takes the route when it is ready, and nobody waits."""

import threading
from collections import Counter

import httpx
import pytest

from tests.e2e.world import World, a_shortener, until


@pytest.fixture(scope="module")
def links(world: World) -> World:
    world.apply(a_shortener(world))
    world.wait_ready("links")
    world.make_link("always")
    return world


class Visitors(threading.Thread):
    """Follows one link again and again until told to stop, and counts the answers."""

    def __init__(self, world: World) -> None:
        super().__init__(daemon=True)
        self.answers: Counter[int | str] = Counter()
        self._world, self._told = world, threading.Event()

    def run(self) -> None:
        with self._world.visitor() as visitor:
            while not self._told.wait(0.02):
                self.answers[self._once(visitor)] += 1

    def _once(self, visitor: httpx.Client) -> int | str:
        try:
            return visitor.get("/always").status_code
        except httpx.TransportError as problem:
            return type(problem).__name__

    def stop(self) -> None:
        self._told.set()
        self.join(timeout=15)


def revisions(world: World) -> dict[str, str]:
    found: dict[str, str] = (world.get("sapp", "links") or {})["status"]["revision"]
    return found


def test_a_release_loses_no_request(links: World) -> None:
    before = revisions(links)["stable"]
    visitors = Visitors(links)
    visitors.start()
    links.patch("links", {"settings": {"slugLength": 9}})
    until(
        lambda: revisions(links)["stable"] != before and "retiring" not in revisions(links),
        lambda: f"the release did not end: {links.get('sapp', 'links')}",
        120,
    )
    visitors.stop()
    assert set(visitors.answers) == {302}, visitors.answers
    with links.links() as api:
        assert len(api.post("/api/v1/links", json={"target": "https://example.org/9"}).json()["slug"]) == 9


def test_the_old_revision_is_gone_whole(links: World) -> None:
    stable = revisions(links)["stable"]

    def left() -> list[str]:
        kinds = "deployments,services,jobs,horizontalpodautoscalers"
        found = links.find(kinds, "toprope.dev/name=links,toprope.dev/revision")
        names = [
            (one["kind"], one["metadata"]["name"], one["metadata"]["labels"]["toprope.dev/revision"]) for one in found
        ]
        return [f"{kind} {name}" for kind, name, revision in names if revision != stable]

    until(lambda: not left(), lambda: f"still there: {left()}", 60)


def test_a_release_that_cannot_start_leaves_the_running_one_alone(links: World) -> None:
    before = revisions(links)["stable"]
    links.patch("links", {"image": "docker.io/toprope/shortener:no-such-version"})
    until(
        lambda: "no-such-version" in links.condition("links", "Progressing").get("message", ""),
        lambda: f"no word about the image: {links.condition('links', 'Progressing')}",
        60,
    )
    with links.visitor() as visitor:
        assert visitor.get("/always").status_code == 302
    assert revisions(links)["stable"] == before
    links.patch("links", {"image": None})
    until(lambda: "candidate" not in revisions(links), lambda: f"{revisions(links)}", 30)
    assert revisions(links)["stable"] == before
