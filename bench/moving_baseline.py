"""The baseline of `moving`: how long API server and gateway take for a route that somebody writes himself."""

import time
from typing import Any

from bench.floor import NAMESPACE
from dev.floor import Floor
from tests.support.operator_process import until
from toprope.core.objects import HTTP_ROUTE
from toprope.delivery.spec import Traffic
from toprope.delivery.traffic import Backend, acceptance, http_route

WRITES = 40
TRAFFIC = Traffic.model_validate({"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["bare.localhost"]})


def seconds(floor: Floor) -> list[float]:
    """Of each write until its generation is accepted."""
    metadata = {"name": "bare", "namespace": NAMESPACE}
    for name in ("bare-a", "bare-b"):
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {**metadata, "name": name}}
        floor.api.apply({**service, "spec": {"ports": [{"port": 80}]}})
        floor.api.apply(_endpoint(name))
    return [_accepted(floor, _route(metadata, 1000 * number)) for number in range(1, WRITES + 1)]


def _endpoint(service: str) -> dict[str, Any]:
    """A backend without any is refused."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": service, "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["198.18.0.1"], "conditions": {"ready": True}}],
        "ports": [{"port": 80}],
    }


def _route(metadata: dict[str, str], weight: int) -> dict[str, Any]:
    return http_route(metadata, TRAFFIC, [Backend("bare-a", 80, 100_000 - weight), Backend("bare-b", 80, weight)])


def _accepted(floor: Floor, route: dict[str, Any]) -> float:
    began = time.monotonic()
    floor.api.apply(route)
    path = HTTP_ROUTE.path(NAMESPACE, "bare")
    until(lambda: acceptance(floor.api.get(path), TRAFFIC).accepted)
    return time.monotonic() - began
