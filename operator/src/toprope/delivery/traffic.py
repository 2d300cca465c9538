"""The route of a resource, and whether its gateway lives by it.

The whole of `spec.rules` is ours (atomic lists cannot be shared). A backend stands in the route only when it may get
requests; weights are parts of 100,000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from toprope.core.objects import HTTP_ROUTE, Manifest
from toprope.delivery.spec import Traffic

ROUTE = "toprope-route"
"""Header that says by which route a request came, as the web pods count it; what a client says of it is taken away."""
PREVIEW = {"name": "toprope-revision", "value": "candidate"}
"""Header by which a client asks for the candidate. Such requests count for nothing."""


class RouteReason(StrEnum):
    """What the gateway made of the route."""

    NO_ROUTE = "RouteNotSeen"
    NOT_ANSWERED = "GatewayHasNotAnswered"
    ACCEPTED = "Accepted"


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service that gets a share of the requests."""

    service: str
    port: int
    weight: int
    """Parts of 100,000."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the gateway says of the newest generation of the route."""

    accepted: bool
    reason: str
    message: str
    serves: bool = False
    """Whether requests are answered: the newest generation is accepted, or the gateway still lives by one that was."""


def http_route(
    metadata: Mapping[str, Any], traffic: Traffic, backends: Sequence[Backend], preview: Backend | None = None
) -> dict[str, Any]:
    """The HTTPRoute that sends everything under `/` to `backends`, and to `preview` who asks for it.

    Users' requests are the first rule: by its place gateways name what they count.
    """
    return {
        "apiVersion": HTTP_ROUTE.api_version,
        "kind": HTTP_ROUTE.kind,
        "metadata": dict(metadata),
        "spec": {
            "parentRefs": [_parent(traffic, metadata["namespace"])],
            **({"hostnames": list(traffic.hostnames)} if traffic.hostnames else {}),
            "rules": [_rule(backends, {"remove": [ROUTE]}), *([_previews(preview)] if preview else [])],
        },
    }


def _previews(candidate: Backend) -> dict[str, Any]:
    return _rule([candidate], {"set": [{"name": ROUTE, "value": "preview"}]}, headers=[{"type": "Exact", **PREVIEW}])


def _rule(backends: Sequence[Backend], modifier: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}, **more}],
        "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": modifier}],
        "backendRefs": [
            {"group": "", "kind": "Service", "name": one.service, "port": one.port, "weight": one.weight}
            for one in backends
        ],
    }


def _parent(traffic: Traffic, namespace: str) -> dict[str, Any]:
    gateway = traffic.gateway
    section = {"sectionName": gateway.section_name} if gateway.section_name else {}
    return {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": gateway.name,
        "namespace": gateway.namespace or namespace,
        **section,
    }


def acceptance(route: Manifest | None, traffic: Traffic) -> Acceptance:
    """Whether the gateway has taken the route's newest generation whole: accepted and all references resolved."""
    if route is None:
        return Acceptance(False, RouteReason.NO_ROUTE, "The HTTPRoute does not exist yet.")
    for parent in (route.get("status") or {}).get("parents") or ():
        if _is_same_parent(parent["parentRef"], _parent(traffic, route["metadata"]["namespace"])):
            return _verdict(parent, route["metadata"]["generation"])
    gateway = traffic.gateway
    where = f"{gateway.namespace or route['metadata']['namespace']}/{gateway.name}"
    return Acceptance(
        False,
        RouteReason.NOT_ANSWERED,
        f"Gateway {where} has said nothing about the route: is there a Gateway of that name, and a controller for its "
        f"class? (kubectl get gateway -A)",
    )


def _is_same_parent(said: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    return all(said.get(key) == ours.get(key) for key in ("name", "namespace", "sectionName"))


def _verdict(parent: Mapping[str, Any], generation: int) -> Acceptance:
    said = {condition["type"]: condition for condition in parent.get("conditions") or ()}
    for name in ("Accepted", "ResolvedRefs"):
        condition = said.get(name)
        if condition is None or condition.get("observedGeneration", 0) < generation:
            message = "The gateway has not looked at the newest route yet."
            return Acceptance(False, RouteReason.NOT_ANSWERED, message, _serves(said))
        if condition["status"] != "True":
            return Acceptance(False, condition["reason"], f"The gateway refuses the route: {condition['message']}")
    partly = said.get("PartiallyInvalid")
    if partly and partly["status"] == "True":
        return Acceptance(False, partly["reason"], f"The gateway takes the route only in part: {partly['message']}")
    return Acceptance(True, RouteReason.ACCEPTED, "The gateway has accepted the route.", serves=True)


def _serves(said: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the gateway took whole what it looked at, whichever generation that was."""
    wanted = {"Accepted": "True", "ResolvedRefs": "True", "PartiallyInvalid": "False"}
    return all(said.get(name, {"status": "False"})["status"] == status for name, status in wanted.items())
