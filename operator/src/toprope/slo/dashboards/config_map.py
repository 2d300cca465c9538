"""A dashboard as Grafana's sidecar finds it."""

from collections.abc import Mapping
from typing import Any

import orjson

LABEL = {"grafana_dashboard": "1"}
"""What the sidecar looks for."""
FOLDER = {"grafana_folder": "Toprope"}


def packed(dashboard: Mapping[str, Any]) -> str:
    """The file of one dashboard."""
    # Without white space: the operator keeps each in memory as it is, and a thousand indented ones are 11 MB more.
    return orjson.dumps(dashboard, option=orjson.OPT_SORT_KEYS).decode()


def config_map(metadata: Mapping[str, Any], uid: str, file: str) -> dict[str, Any]:
    """The ConfigMap of one dashboard. The sidecar puts the files of all into one folder: the key is unique."""
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**metadata, "labels": {**labels, **LABEL}, "annotations": {**annotations, **FOLDER}},
        "data": {f"{uid}.json": file},
    }
