"""What a finished dashboard asks Prometheus, without Grafana's words."""

from collections.abc import Iterator, Mapping
from typing import Any

_MACROS = {"$__rate_interval": "5m"}


def queries(dashboard: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Title of the panel and query, of each query, with every variable set to all there is."""
    return [
        (panel["title"], substituted(dashboard, target["expr"]))
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def marks(dashboard: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same of the annotations; that nothing has happened is a good answer to these."""
    asked = dashboard.get("annotations", {}).get("list", [])
    return [(one["name"], substituted(dashboard, one["expr"])) for one in asked]


def substituted(dashboard: Mapping[str, Any], expression: str) -> str:
    """The query as Grafana would send it."""
    for name, value in (*_MACROS.items(), *_variables(dashboard)):
        expression = expression.replace(name, value)
    return expression


def _variables(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in dashboard["templating"]["list"]:
        if "allValue" in one:
            yield f"${one['name']}", one["allValue"]
