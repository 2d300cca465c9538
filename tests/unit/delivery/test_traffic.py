from typing import Any

import pytest

from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.spec import GatewayRef, Traffic
from toprope.delivery.traffic import Backend, acceptance, http_route

TRAFFIC = Traffic(gateway=GatewayRef(name="public", namespace="infra", section_name="http"), hostnames=["a.example"])
METADATA = {"name": "links", "namespace": "shop"}
BACKENDS = [Backend("links-web-new", 80, WHOLE)]


def answered(accepted: str = "True", resolved: str = "True", seen: int = 2, partly: str = "False") -> dict[str, Any]:
    """The route at generation 2 with what a gateway said of it."""
    route = http_route(METADATA | {"generation": 2}, TRAFFIC, BACKENDS)
    conditions = [
        {"type": name, "status": status, "reason": f"{name}Reason", "message": "why", "observedGeneration": seen}
        for name, status in (("Accepted", accepted), ("ResolvedRefs", resolved), ("PartiallyInvalid", partly))
    ]
    parent = {"parentRef": route["spec"]["parentRefs"][0], "conditions": conditions}
    return route | {"status": {"parents": [{"parentRef": {"name": "other"}}, parent]}}


def test_the_route_names_gateway_hostnames_and_backends() -> None:
    spec = http_route(METADATA, TRAFFIC, BACKENDS)["spec"]
    assert spec["hostnames"] == ["a.example"]
    assert spec["parentRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public", "namespace": "infra",
         "sectionName": "http"}
    ]  # fmt: skip
    assert spec["rules"][0]["backendRefs"] == [
        {"group": "", "kind": "Service", "name": "links-web-new", "port": 80, "weight": 100_000}
    ]


def test_no_client_says_by_which_route_it_came() -> None:
    (rule,) = http_route(METADATA, TRAFFIC, BACKENDS)["spec"]["rules"]
    (said,) = rule["filters"]
    assert said == {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["toprope-route"]}}


def test_who_asks_for_the_candidate_gets_it_and_is_counted_apart() -> None:
    users, asking = http_route(METADATA, TRAFFIC, BACKENDS, Backend("links-web-next", 80, WHOLE))["spec"]["rules"]
    assert [one["name"] for one in users["backendRefs"]] == ["links-web-new"]
    assert [one["name"] for one in asking["backendRefs"]] == ["links-web-next"]
    (match,) = asking["matches"]
    assert match["headers"] == [{"type": "Exact", "name": "toprope-revision", "value": "candidate"}]
    assert asking["filters"][0]["requestHeaderModifier"] == {"set": [{"name": "toprope-route", "value": "preview"}]}


def test_a_gateway_without_namespace_is_the_resource_s_own() -> None:
    route = http_route(METADATA, Traffic(gateway=GatewayRef(name="g")), BACKENDS)
    assert route["spec"]["parentRefs"][0]["namespace"] == "shop"
    assert "sectionName" not in route["spec"]["parentRefs"][0]
    assert "hostnames" not in route["spec"]


@pytest.mark.parametrize(
    ("sentence", "route", "accepted", "reason"),
    [
        ("no route yet", None, False, "RouteNotSeen"),
        ("nobody answered", http_route(METADATA, TRAFFIC, BACKENDS), False, "GatewayHasNotAnswered"),
        ("all is well", answered(), True, "Accepted"),
        ("the listener refuses", answered(accepted="False"), False, "AcceptedReason"),
        ("a backend is missing", answered(resolved="False"), False, "ResolvedRefsReason"),
        ("an answer to an older route is none", answered(seen=1), False, "GatewayHasNotAnswered"),
        ("half accepted is not accepted", answered(partly="True"), False, "PartiallyInvalidReason"),
    ],
)
def test_acceptance(sentence: str, route: dict[str, Any] | None, accepted: bool, reason: str) -> None:
    said = acceptance(route, TRAFFIC)
    assert (said.accepted, said.reason) == (accepted, reason)


@pytest.mark.parametrize(
    ("sentence", "route", "serves"),
    [
        ("nobody answered", http_route(METADATA, TRAFFIC, BACKENDS), False),
        ("all is well", answered(), True),
        ("an older route was accepted", answered(seen=1), True),
        ("an older route was refused", answered(accepted="False", seen=1), False),
        ("an older route had no backend", answered(resolved="False", seen=1), False),
        ("an older route was taken in part", answered(partly="True", seen=1), False),
        ("the newest is refused", answered(accepted="False"), False),
    ],
)
def test_who_answers_requests(sentence: str, route: dict[str, Any], serves: bool) -> None:
    assert acceptance(route, TRAFFIC).serves is serves
