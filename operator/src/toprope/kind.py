"""The door between the engine and the kinds: all that the engine knows of a kind."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from toprope.core.decision import Decision
from toprope.core.model import ResourceStatus, SpecModel
from toprope.core.objects import ApiResource
from toprope.core.resource import Resource
from toprope.ports import Cluster, Sources
from toprope.slo.rule_sets import RuleSet


@dataclass(frozen=True, slots=True)
class Touched:
    """A collection that a kind touches, and how: RBAC and the watches are made from these."""

    resource: ApiResource
    verbs: tuple[str, ...]
    """Kubernetes verbs that passes of this kind use, `watch` included where the store keeps it."""
    optional: bool = False
    """Whether the cluster may lack this API (its CRD is somebody else's)."""

    @property
    def watched(self) -> bool:
        """Whether the store keeps this collection."""
        return "watch" in self.verbs


@dataclass(frozen=True, slots=True)
class Column:
    """One printer column of `kubectl get`."""

    name: str
    type: str
    json_path: str
    description: str
    wide: bool = False
    """Shown only with `-o wide`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One custom resource of Toprope. Adding one is a folder under `kinds/` and a line in `kinds/__init__.py`."""

    resource: ApiResource
    short: str
    description: str
    spec: type[SpecModel]
    status: type[ResourceStatus]
    columns: Sequence[Column]
    touches: Sequence[Touched]
    observe: Callable[[Resource, Cluster, Sources], Awaitable[Any]]
    """Reads everything a pass needs, once, into one frozen value (the kind's `Seen`)."""
    decide: Callable[[Resource, Any, datetime], Decision]
    """Pure: what should be, from what was read."""
    farewell: Callable[[Resource, Any, datetime], Decision]
    """Pure: what is left to do while the resource is being deleted; owner references do the rest."""
    rule_sets: Callable[[Resource], Sequence[RuleSet]]
    """Pure: each SLO of the spec as rules, or with what is wrong with it."""
    dashboard: Callable[[Resource, Sequence[RuleSet]], dict[str, Any]]
    """Pure: its dashboard for Grafana."""
    workload: Any = None
    """Handed on with each resource: what its pods run, as the kind's own code has it."""
