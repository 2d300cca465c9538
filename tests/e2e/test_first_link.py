"""A person applies one short manifest and shortens a link."""

import pytest

from tests.e2e.world import World, a_shortener, until

TARGET = "https://example.org/a/long/way"


@pytest.fixture(scope="module")
def links(world: World) -> World:
    world.apply(a_shortener(world))
    world.wait_ready("links")
    return world


def test_a_link_is_made_followed_and_counted(links: World) -> None:
    with links.links() as api, links.visitor() as visitor:
        made = api.post("/api/v1/links", json={"target": TARGET})
        assert made.status_code == 201, made.text
        slug = made.json()["slug"]
        followed = visitor.get(f"/{slug}")
        assert (followed.status_code, followed.headers["location"]) == (302, TARGET)

        def clicks() -> int:
            said = api.get(f"/api/v1/links/{slug}/statistics").json()
            return sum(day["clicks"] for day in said["days"])

        until(lambda: clicks() == 1, lambda: f"{clicks()} clicks counted instead of 1", 15)


def test_the_status_says_where_and_which(links: World) -> None:
    status = (links.get("sapp", "links") or {})["status"]
    assert status["url"] == f"http://{links.hostname}"
    assert status["revision"]["stable"]
    assert status["rollout"]["phase"] == "Idle"
    row = links.kubectl("get", "sapp", "links")
    assert "READY" in row
    assert status["revision"]["stable"] in row


def test_nobody_gets_in_without_a_key(links: World) -> None:
    with links.visitor() as visitor:
        refused = visitor.post("/api/v1/links", json={"target": TARGET})
    assert refused.status_code == 401
    assert refused.headers["content-type"].startswith("application/problem+json")


def test_the_ops_port_is_in_no_route(links: World) -> None:
    with links.visitor() as visitor:
        assert visitor.get("/metrics").status_code == 404


def test_no_secret_stands_in_the_status_or_the_events(links: World) -> None:
    said = links.kubectl("get", "sapp,events", "-o", "yaml")
    keys = ("owner-password", "app-password", "cache-password", "api-key")
    assert not [key for key in keys if links.secret("links-credentials", key) in said]
