"""Prometheus scrapes what runs, takes everybody's rules, and what they say reaches whoever Alertmanager notifies."""

from typing import Any

import httpx
import pytest

from dev.build.images import version
from tests.e2e.monitoring import RELOADED, ask, received, values
from tests.e2e.world import GATEWAY, World, a_shortener, until

SENT = 60.0


def unanswered(world: World, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Service of the pods of this name, and a route to it."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": world.namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": world.namespace},
        "spec": {
            "parentRefs": [{"name": "public", "namespace": "infra"}],
            "hostnames": [f"{name}.example.com"],
            "rules": [{"backendRefs": [{"name": name, "port": 80}]}],
        },
    }
    return service, route


def deaf(world: World, name: str) -> dict[str, Any]:
    """A pod that runs and listens to nothing: it refuses connections."""
    container = {
        "name": name,
        "image": f"docker.io/toprope/shortener:{version()}",
        "command": ["sleep", "600"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    user = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": world.namespace, "labels": {"app": name}},
        "spec": {"containers": [container], "securityContext": user, "terminationGracePeriodSeconds": 0},
    }


def rule(world: World, slo: str, severity: str) -> dict[str, Any]:
    labels = {"namespace": world.namespace, "kind": "Test", "name": "always", "slo": slo, "severity": severity}
    return {"alert": "AlwaysFiring", "expr": "vector(1)", "labels": labels}


@pytest.fixture(scope="module")
def rules(world: World) -> World:
    """Two SLOs, one that pages and gives a ticket, one that only gives a ticket."""
    world.apply(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "always", "namespace": world.namespace},
            "spec": {
                "groups": [
                    {
                        "name": f"{world.namespace}-always",
                        "interval": "5s",
                        "rules": [
                            rule(world, "both", "page"),
                            rule(world, "both", "ticket"),
                            rule(world, "one", "ticket"),
                        ],
                    }
                ]
            },
        }
    )

    def loaded() -> list[str]:
        groups = ask(world, "prometheus:9090", "/api/v1/rules")["data"]["groups"]
        return [
            each["health"]
            for group in groups
            if group["name"] == f"{world.namespace}-always"
            for each in group["rules"]
        ]

    until(lambda: loaded() == ["ok"] * 3, lambda: f"the rules are {loaded()}", RELOADED)
    return world


@pytest.mark.parametrize("job", ["monitoring/traefik", "monitoring/toprope"])
def test_the_gateway_and_the_operator_are_scraped(world: World, job: str) -> None:
    up = f'up{{job="{job}"}}'
    until(lambda: values(world, up) == [1.0], lambda: f"{up} is {values(world, up)}", RELOADED)


def test_the_pods_of_a_resource_are_scraped_and_its_requests_counted(world: World) -> None:
    world.apply(a_shortener(world))
    world.wait_ready("links")
    up = f'up{{namespace="{world.namespace}"}}'
    until(lambda: set(values(world, up)) == {1.0}, lambda: f"{up} is {values(world, up)}", RELOADED)
    world.make_link("first")
    counted(world, "links-web-[a-z0-9]{6}", 201)


@pytest.mark.parametrize(("name", "code"), [("nobody", 503), ("deaf", 502)])
def test_what_no_pod_answers_is_counted_by_the_gateway(name: str, code: int, world: World) -> None:
    world.apply(*unanswered(world, name), *([deaf(world, name)] if name == "deaf" else []))
    with httpx.Client(base_url=GATEWAY, headers={"Host": f"{name}.example.com"}, timeout=10) as visitor:
        until(lambda: visitor.get("/").status_code == code, lambda: f"{name}: {visitor.get('/').status_code}", SENT)
    counted(world, name, code)


def counted(world: World, route: str, code: int) -> None:
    """Until the gateway's router of a route has counted a request with this answer."""
    name = f"httproute-{world.namespace}-{route}-gw-infra-public-ep-web-0-[0-9a-f]{{20}}@kubernetesgateway"
    series = f'traefik_router_requests_total{{code="{code}",router=~"{name}"}}'
    until(lambda: sum(values(world, series)) >= 1, lambda: f"{series}: {values(world, series)}", SENT)


def test_an_alert_that_fires_reaches_the_receiver(rules: World) -> None:
    def sent() -> list[tuple[str, str]]:
        return [(alert["labels"]["slo"], alert["labels"]["severity"]) for alert in received(rules)]

    wanted = {("both", "page"), ("one", "ticket")}
    until(lambda: wanted <= set(sent()), lambda: f"received {sent()}", SENT)


def test_a_page_silences_the_ticket_of_the_same_slo(rules: World) -> None:
    def states() -> dict[tuple[str, str], str]:
        alerts = ask(rules, "alertmanager:9093", "/api/v2/alerts")
        ours = [alert for alert in alerts if alert["labels"].get("namespace") == rules.namespace]
        return {(each["labels"]["slo"], each["labels"]["severity"]): each["status"]["state"] for each in ours}

    wanted = {("both", "page"): "active", ("both", "ticket"): "suppressed", ("one", "ticket"): "active"}
    until(lambda: states() == wanted, lambda: f"Alertmanager has {states()}", SENT)
