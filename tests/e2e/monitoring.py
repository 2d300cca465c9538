"""The monitoring of the local cluster, as a story asks it."""

import json
from typing import Any
from urllib.parse import quote

from tests.e2e.world import World

RELOADED = 150.0
"""Seconds until kubelet has given Prometheus a changed ConfigMap; kind's takes longer than ours."""


def ask(world: World, service: str, path: str) -> Any:
    """What a Service of the monitoring says, through the API server."""
    return json.loads(world.kubectl("get", "--raw", f"/api/v1/namespaces/monitoring/services/{service}/proxy{path}"))


def values(world: World, expression: str) -> list[float]:
    """The values of all series that an expression gives now."""
    answer = ask(world, "prometheus:9090", f"/api/v1/query?query={quote(expression)}")
    return [float(series["value"][1]) for series in answer["data"]["result"]]


def received(world: World) -> list[dict[str, Any]]:
    """The alerts of this world that Alertmanager has sent, oldest first."""
    alerts: list[dict[str, Any]] = ask(world, "receiver:8080", "/alerts")
    return [alert for alert in alerts if alert["labels"].get("namespace") == world.namespace]
