"""What holds the panels: the grid, the variables, the name that never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

WIDTH = 24
"""Columns of Grafana's grid."""
TAG = "toprope"
"""On each dashboard of ours, so that they can be found together."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, equally wide."""

    height: int
    """In units of the grid, some 38 pixels each."""
    panels: Sequence[Builder[model.Panel]]
    columns: int = 0
    """How many panels would fill the row; 0: those that are there."""


def framed(title: str, uid: str) -> dashboard.Dashboard:
    """An empty dashboard that asks any Prometheus that the reader chooses."""
    source = dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    empty = dashboard.Dashboard(title).uid(uid).tags([TAG]).readonly().timezone("browser").refresh("1m")
    return empty.tooltip(model.DashboardCursorSync.CROSSHAIR).with_variable(source)


def filled(frame: dashboard.Dashboard, rows: Sequence[Row]) -> dict[str, Any]:
    """The dashboard as JSON-like data, its panels numbered and placed."""
    built, top = frame.build(), 0
    built.panels = []
    for row in rows:
        width = WIDTH // (row.columns or len(row.panels))
        for index, builder in enumerate(row.panels):
            panel = builder.build()
            panel.id_val = len(built.panels) + 1
            panel.grid_pos = model.GridPos(h=row.height, w=width, x=index * width, y=top)
            built.panels.append(panel)
        top += row.height
    found: dict[str, Any] = orjson.loads(orjson.dumps(built, default=lambda part: part.to_json()))
    return found


def as_json(dashboard: Mapping[str, Any]) -> str:
    """For people: the same bytes for the same dashboard."""
    return orjson.dumps(
        dashboard, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    ).decode()
