"""Deleting a resource removes everything but data and its credentials; the same name finds them again."""

from tests.e2e.world import World, a_shortener, until


def test_deleted_and_made_again_the_links_are_there(world: World) -> None:
    world.apply(a_shortener(world))
    world.wait_ready("links")
    with world.links() as api:
        api.post("/api/v1/links", json={"target": "https://example.org/kept", "slug": "kept"}).raise_for_status()
    password = world.secret("links-credentials", "app-password")

    world.kubectl("delete", "sapp", "links", "--timeout=60s")
    until(lambda: not left_behind(world), lambda: f"still there: {left_behind(world)}", 60)
    assert "links-credentials" in world.kubectl("get", "events")

    world.apply(a_shortener(world))
    world.wait_ready("links")
    with world.visitor() as visitor:
        assert visitor.get("/kept").headers["location"] == "https://example.org/kept"
    assert world.secret("links-credentials", "app-password") == password


def left_behind(world: World) -> list[str]:
    kinds = "deployments,statefulsets,services,jobs,pods,httproutes,networkpolicies,controllerrevisions,serviceaccounts"
    return [f"{one['kind']} {one['metadata']['name']}" for one in world.find(kinds, "toprope.dev/name=links")]


def test_reclaim_delete_removes_data_and_credentials(world: World) -> None:
    world.apply(a_shortener(world, "brief", database={"embedded": {"storage": "128Mi", "reclaim": "Delete"}}))
    until(lambda: world.get("pvc", "brief-database") is not None, lambda: "no claim was made", 30)
    world.kubectl("delete", "sapp", "brief", "--timeout=60s")
    for kind, name in (("pvc", "brief-database"), ("secret", "brief-credentials")):
        until(lambda kind=kind, name=name: world.get(kind, name) is None, lambda name=name: f"{name} is there", 60)
