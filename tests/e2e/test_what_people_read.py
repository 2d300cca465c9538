"""Whatever is in the way of a resource, a condition says it in a sentence that a person can act on."""

import pytest

from tests.e2e.world import World, a_shortener


@pytest.mark.parametrize(
    ("name", "spec", "type_", "reason", "words"),
    [
        ("no-image", {"image": "docker.io/toprope/no-such-image:1"}, "Ready", "ImageNotPulled", "no-such-image"),
        (
            "no-node",
            {"scheduling": {"nodeSelector": {"disk": "golden"}}},
            "Ready",
            "PodNotScheduled",
            "node",
        ),
        (
            "no-secret",
            {"database": {"external": {"secretRef": {"name": "not-there"}}}},
            "Ready",
            "SecretMissing",
            "not-there",
        ),
        (
            "no-gateway",
            {"traffic": {"gateway": {"name": "nowhere", "namespace": "infra"}, "hostnames": ["no.example.com"]}},
            "RouteAccepted",
            "GatewayHasNotAnswered",
            "infra/nowhere",
        ),
    ],
)
def test_the_obstacle_is_named(
    world: World, name: str, spec: dict[str, object], type_: str, reason: str, words: str
) -> None:
    world.apply(a_shortener(world, name, **spec))
    condition = world.wait_condition(name, type_, reason, within=90)
    assert words in condition["message"]
    world.kubectl("delete", "sapp", name, "--timeout=60s")


def test_a_name_that_belongs_to_somebody_else_is_refused(world: World) -> None:
    world.apply(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "taken-web"}, "spec": {"ports": [{"port": 80}]}}
    )
    world.apply(a_shortener(world, "taken"))
    condition = world.wait_condition("taken", "Ready", "ChildNotOurs")
    assert "Service" in condition["message"]
    world.kubectl("delete", "sapp", "taken", "--timeout=60s")
    assert world.get("service", "taken-web") is not None


def test_an_unknown_field_is_refused_by_name(world: World) -> None:
    with pytest.raises(AssertionError, match="colour"):
        world.apply(a_shortener(world, "typo", colour="red"))
