"""A kind with little in it."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from toprope.core.decision import Decision
from toprope.core.model import ResourceStatus, SpecModel
from toprope.core.objects import JOB, SERVICE, ApiResource
from toprope.core.resource import Resource
from toprope.kind import Kind, Touched
from toprope.ports import Cluster, Sources


class Bare(SpecModel):
    """A spec that may be empty."""

    size: int = 1
    """How big."""


class WidgetSpec(Bare):
    """A spec that may not."""

    name: str
    """What it is called."""


class WidgetStatus(ResourceStatus):
    """What became of it."""

    sizes: Annotated[dict[str, int], Field(max_length=3)] = {}
    """How big each is."""


async def observe(resource: Resource, cluster: Cluster, sources: Sources) -> None:
    """Sees nothing."""


def decide(resource: Resource, seen: Any, now: datetime) -> Decision:
    return Decision({}, [], [], timedelta(minutes=5))


A_KIND = Kind(
    resource=ApiResource("toprope.dev", "v1alpha1", "widgets", "Widget"),
    short="wdg",
    description="A widget.",
    spec=WidgetSpec,
    status=WidgetStatus,
    columns=[],
    touches=[
        Touched(SERVICE, ("get", "list", "watch", "patch")),
        Touched(JOB, ("get", "list", "watch", "patch")),
        Touched(ApiResource("", "v1", "configmaps", "ConfigMap"), ("patch", "watch", "list", "get")),
    ],
    observe=observe,
    decide=decide,
    farewell=decide,
    rule_sets=lambda resource: (),
    dashboard=lambda resource, found: {},
)
