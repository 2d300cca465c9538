"""Credentials are generated once, and rotated only when a person asks."""

from tests.e2e.world import World, a_shortener, until

KEYS = ("owner-password", "app-password", "cache-password", "api-key")


def test_all_credentials_are_new_and_nobody_noticed(world: World) -> None:
    world.apply(a_shortener(world))
    world.wait_ready("links")
    before = {key: world.secret("links-credentials", key) for key in KEYS}
    world.make_link("calm")

    world.kubectl("annotate", "sapp", "links", "toprope.dev/rotate-credentials=spring")
    with world.visitor() as visitor:
        until(
            lambda: (
                visitor.get("/calm").status_code == 302
                and world.secret("links-credentials", "api-key") != before["api-key"]
            ),
            lambda: f"not rotated: {world.get('sapp', 'links')}",
            300,
            every=1,
        )
    after = {key: world.secret("links-credentials", key) for key in KEYS}
    assert not [key for key in KEYS if before[key] == after[key]]
    with world.links() as api:
        assert api.post("/api/v1/links", json={"target": "https://example.org/2"}).status_code == 201
        stale = {"Authorization": f"Bearer {before['api-key']}"}
        assert api.get("/api/v1/links", headers=stale).status_code == 401
