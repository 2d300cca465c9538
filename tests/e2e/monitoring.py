"""The monitoring of the local cluster, as a story asks it."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.e2e.world import World
from toprope.slo.rules import INTERVAL

RELOADED = 300.0
"""Seconds until kubelet has given Prometheus a changed ConfigMap; kind's takes longer than ours."""
EVALUATED = 3.0 * INTERVAL
"""Seconds until rules that Prometheus has just loaded have been evaluated and looked up."""
SCRAPED = 15.0
"""Seconds until a count is in Prometheus."""
NOTIFIED = 15.0
"""Seconds from an evaluation until the receiver has its alert: Alertmanager waits 5 s for others of the group."""


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


def pages(world: World, slo: str) -> list[dict[str, Any]]:
    """The pages about an SLO of this world that somebody got, oldest first."""
    wanted = {"name": world.name, "slo": slo, "severity": "page"}.items()
    return [one for one in received(world) if one["status"] == "firing" and wanted <= one["labels"].items()]


def moment(alert: dict[str, Any], field: str) -> float:
    """A time of an alert, as Unix time."""
    return datetime.fromisoformat(alert[field]).timestamp()
