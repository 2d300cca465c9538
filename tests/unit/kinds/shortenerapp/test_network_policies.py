"""Which flows are needed and which are forbidden, evaluated over the rendered policies."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.flows import End, allowed
from tests.support.shorteners import CLOUD_NATIVE_PG, EXTERNAL, WITH_TRAFFIC, a_shortener
from toprope.kinds.shortenerapp.workload import SHORTENER
from toprope.serving import places
from toprope.serving.needs import needs_of
from toprope.serving.render.network_policies import network_policies

LINKS = a_shortener(WITH_TRAFFIC)
OTHER = a_shortener(WITH_TRAFFIC, name="other")


def policies_of(*resources: Any) -> list[dict[str, Any]]:
    """The policies while one revision lives that the spec wants."""
    return [
        policy
        for one in resources
        for policy in network_policies(one, needs_of(SHORTENER.rendered(one, "abc", "an/image:1")[0]))
    ]


def ours(component: str, resource: Any = LINKS, revision: str | None = None) -> End:
    return End("default", places.labels(resource, component, revision))


WEB, MIGRATE, ROTATE = ours("web", revision="abc"), ours("migrate", revision="abc"), ours("rotate", revision="xyz")
DATABASE, CACHE = ours("database"), ours("cache")
GATEWAY, OPERATOR = End("infra", {"app": "gateway"}), End("toprope-system", {"app": "operator"})
PROMETHEUS, DNS = End("monitoring", {"app": "prometheus"}), End("kube-system", {"k8s-app": "dns"})
NEIGHBOUR, STRANGER = End("default", {"app": "client"}), End("elsewhere", {"app": "client"})
IMPOSTOR = End("elsewhere", WEB.labels)
INTERNET = End("", outside=True)
CNPG = End("default", {"cnpg.io/cluster": "links-database"})
CNPG_OPERATOR = End("cnpg-system", {"app": "cnpg"})


@pytest.mark.parametrize(
    ("source", "target", "port", "is_needed"),
    [
        (GATEWAY, WEB, 8000, True),
        (NEIGHBOUR, WEB, 8000, True),
        (STRANGER, WEB, 8000, False),
        (INTERNET, WEB, 8000, False),
        (OPERATOR, WEB, 9090, True),
        (PROMETHEUS, WEB, 9090, True),
        (GATEWAY, WEB, 9090, False),
        (NEIGHBOUR, WEB, 9090, False),
        (STRANGER, WEB, 9090, False),
        (WEB, DATABASE, 5432, True),
        (MIGRATE, DATABASE, 5432, True),
        (ROTATE, DATABASE, 5432, True),
        (WEB, CACHE, 6379, True),
        (ROTATE, CACHE, 6379, True),
        (MIGRATE, CACHE, 6379, False),
        (CACHE, DATABASE, 5432, False),
        (NEIGHBOUR, DATABASE, 5432, False),
        (NEIGHBOUR, CACHE, 6379, False),
        (STRANGER, DATABASE, 5432, False),
        (STRANGER, CACHE, 6379, False),
        (IMPOSTOR, DATABASE, 5432, False),
        (IMPOSTOR, CACHE, 6379, False),
        (OPERATOR, DATABASE, 5432, False),
        (GATEWAY, DATABASE, 5432, False),
        (ours("web", OTHER), DATABASE, 5432, False),
        (WEB, ours("database", OTHER), 5432, False),
        (WEB, INTERNET, 443, False),
        (WEB, STRANGER, 80, False),
        (DATABASE, INTERNET, 443, False),
        (DATABASE, STRANGER, 80, False),
        (MIGRATE, INTERNET, 443, False),
        (NEIGHBOUR, MIGRATE, 80, False),
        (WEB, WEB, 9090, False),
    ],
)
def test_a_flow(source: End, target: End, port: int, is_needed: bool) -> None:
    policies = policies_of(LINKS, OTHER)
    assert allowed(policies, source, target, port) is is_needed


@pytest.mark.parametrize(("caller", "asks"), [(WEB, True), (MIGRATE, True), (ROTATE, True), (DATABASE, False)])
def test_only_who_calls_by_name_asks_dns(caller: End, asks: bool) -> None:
    assert allowed(policies_of(LINKS), caller, DNS, 53, "UDP") is asks


def test_without_traffic_no_gateway_comes_in() -> None:
    assert not allowed(policies_of(a_shortener()), GATEWAY, WEB, 8000)


def test_a_gateway_in_the_same_namespace_is_named_once() -> None:
    here = a_shortener({"traffic": {"gateway": {"name": "public"}}})
    web = next(one for one in policies_of(here) if one["metadata"]["name"] == "links-web")
    assert len(web["spec"]["ingress"][0]["from"]) == 1


def test_a_gateway_that_runs_elsewhere_comes_in_where_the_installation_says_so() -> None:
    elsewhere = replace(LINKS, installation=replace(LINKS.installation, gateway_namespaces=("elsewhere",)))
    assert allowed(policies_of(elsewhere), STRANGER, WEB, 8000)
    assert allowed(policies_of(elsewhere), GATEWAY, WEB, 8000)
    assert not allowed(policies_of(elsewhere), STRANGER, WEB, 9090)


@pytest.mark.parametrize("caller", [WEB, MIGRATE, ROTATE])
def test_parts_outside_are_reached(caller: End) -> None:
    policies = policies_of(a_shortener(EXTERNAL))
    assert allowed(policies, caller, INTERNET, 5432)
    assert not allowed(policies, caller, INTERNET, 5432, "UDP")
    assert not allowed(policies, INTERNET, caller, 8000)


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [("http://collector.tracing:4318", 4318), ("https://traces.example.com", 443), ("http://collector", 80)],
)
def test_traces_leave_by_the_endpoints_port_only(endpoint: str, port: int) -> None:
    policies = policies_of(a_shortener({"settings": {"otlpEndpoint": endpoint}}))
    assert allowed(policies, WEB, INTERNET, port)
    assert not allowed(policies, WEB, INTERNET, port + 1)


@pytest.mark.parametrize(
    ("source", "port", "is_needed"),
    [
        (WEB, 5432, True),
        (MIGRATE, 5432, True),
        (CNPG, 5432, True),
        (CNPG_OPERATOR, 8000, True),
        (PROMETHEUS, 9187, True),
        (STRANGER, 5432, False),
        (NEIGHBOUR, 5432, False),
        (STRANGER, 9187, False),
    ],
)
def test_a_cluster_of_cloud_native_pg_is_reached_by_who_needs_it(source: End, port: int, is_needed: bool) -> None:
    assert allowed(policies_of(a_shortener(CLOUD_NATIVE_PG)), source, CNPG, port) is is_needed
