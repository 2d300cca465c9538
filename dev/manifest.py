"""Reads manifests from files, and what their objects say about themselves."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

# libyaml, where it is built in, reads the large CRDs ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Document = dict[str, Any]


def documents(path: Path) -> Iterator[Document]:
    """Every object of a YAML file, or of all YAML files of a folder in the order of their names."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    for file in files:
        for document in yaml.load_all(file.read_text(), LOADER):
            if document:
                yield document


def has_condition(item: Document, kind: str, since: datetime | None = None) -> bool:
    """True when this condition of the object's status is true, and was reported at or after `since`."""
    conditions = (item.get("status") or {}).get("conditions") or []
    return any(each["type"] == kind and each["status"] == "True" and is_fresh(each, since) for each in conditions)


def is_fresh(condition: Document, since: datetime | None) -> bool:
    """True when a condition's heartbeat is not older than `since`."""
    return since is None or datetime.fromisoformat(condition["lastHeartbeatTime"]) >= since
