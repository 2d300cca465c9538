"""Deleting a resource removes everything but data and its credentials; the same name finds them again."""

from tests.e2e.world import World, a_shortener, until


def test_deleted_and_made_again_the_links_are_there(world: World) -> None:
    world.apply(a_shortener(world))
    world.wait_ready("links")
    world.make_link("kept", "https://example.org/kept")
    password = world.secret("links-credentials", "app-password")

    world.kubectl("delete", "sapp", "links", "--timeout=60s")
    until(lambda: not left_behind(world), lambda: f"still there: {left_behind(world)}", 60)
    assert "links-credentials" in world.kubectl("get", "events")

    world.apply(a_shortener(world))
    world.wait_ready("links")
    with world.visitor() as visitor:
        # The gateway learns of the new endpoints a moment after the API server.
        until(lambda: visitor.get("/kept").status_code == 302, lambda: visitor.get("/kept").text, 10)
        assert visitor.get("/kept").headers["location"] == "https://example.org/kept"
    assert world.secret("links-credentials", "app-password") == password


def left_behind(world: World) -> list[str]:
    kinds = "deployments,statefulsets,services,jobs,pods,httproutes,networkpolicies,controllerrevisions,serviceaccounts"
    return [f"{one['kind']} {one['metadata']['name']}" for one in world.find(kinds, "toprope.dev/name=links")]


def test_reclaim_delete_removes_data_and_credentials(world: World) -> None:
    world.apply(a_shortener(world, "brief", database={"embedded": {"storage": "128Mi", "reclaim": "Delete"}}))
    until(lambda: world.get("pvc", "brief-database") is not None, lambda: "no claim was made", 30)
    world.kubectl("delete", "sapp", "brief", "--timeout=60s")
    until(lambda: world.get("pvc", "brief-database") is None, lambda: "the claim is still there", 60)
    until(lambda: world.get("secret", "brief-credentials") is None, lambda: "the credentials are still there", 60)
