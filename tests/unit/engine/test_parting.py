"""A resource that may not go yet says so to a person, once, and keeps its finalizer."""

from datetime import datetime
from typing import Any

import pytest

from tests.support.shorteners import a_shortener
from toprope.cli.paper import DAWN, PaperCluster, merged
from toprope.core.errors import Refused, TopropeError, Transient
from toprope.core.names import FINALIZER, RECONCILE
from toprope.core.objects import Manifest, Ref
from toprope.engine.events import Told
from toprope.engine.one_pass import World, one_pass, part
from toprope.io.ledger import NoPrometheus
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

LINKS = a_shortener({"database": {"embedded": {"reclaim": "Delete"}}}).ref


class Stubborn(PaperCluster):
    """Lets nothing be deleted, and remembers its Events."""

    def __init__(self, error: TopropeError) -> None:
        super().__init__()
        self.error = error
        self.events: list[Manifest] = []

    async def delete(self, ref: Ref, uid: str) -> None:
        raise self.error

    async def post_event(self, event: Manifest) -> None:
        self.events.append(event)


class Stopped:
    """A clock that stands still."""

    def now(self) -> datetime:
        return DAWN


async def going(error: TopropeError) -> tuple[Stubborn, World]:
    cluster = Stubborn(error)
    world = World(cluster, NoPrometheus(), Stopped(), a_shortener().installation, Told())
    live: dict[str, Any] = {
        "apiVersion": LINKS.resource.api_version,
        "kind": LINKS.resource.kind,
        "metadata": {
            "name": LINKS.name, "namespace": LINKS.namespace, "uid": "1", "generation": 1, "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z", "finalizers": [FINALIZER],
        },
        "spec": {"database": {"embedded": {"reclaim": "Delete"}}},
    }  # fmt: skip
    cluster.objects[LINKS] = live
    await one_pass(SHORTENER_APP, LINKS, world)
    live["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return cluster, world


async def test_a_refusal_is_an_event_however_often_it_comes() -> None:
    cluster, world = await going(Refused(LINKS, "claims are guarded by a policy", reason="Forbidden"))
    cluster.events.clear()
    for _ in range(3):
        with pytest.raises(Refused):
            await part(SHORTENER_APP, LINKS, world)
    said = [(one["type"], one["reason"], one["message"]) for one in cluster.events]
    assert said == [("Warning", "Forbidden", "It cannot go yet: claims are guarded by a policy")]
    assert cluster.objects[LINKS]["metadata"]["finalizers"] == [FINALIZER]


async def test_a_hiccup_is_none() -> None:
    cluster, world = await going(Transient("try again"))
    cluster.events.clear()
    with pytest.raises(Transient):
        await part(SHORTENER_APP, LINKS, world)
    assert cluster.events == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"metadata": {"annotations": {RECONCILE: "disabled"}}}, "The annotation toprope.dev/reconcile: disabled"),
        ({"spec": {"replicas": "many"}}, "spec.replicas: "),
    ],
    ids=["disabled", "unreadable"],
)
async def test_a_resource_that_goes_without_farewell_says_where_its_data_stays(
    change: dict[str, Any], why: str
) -> None:
    cluster, world = await going(Refused(LINKS, "nothing may be deleted"))
    cluster.objects[LINKS] = merged(cluster.objects[LINKS], change)
    cluster.events.clear()
    assert await part(SHORTENER_APP, LINKS, world)
    [event] = cluster.events
    assert (event["type"], event["reason"]) == ("Normal", "DataStays")
    assert event["message"].startswith(why)
    assert "PersistentVolumeClaim links-database and the credentials of links" in event["message"]
    assert "delete secrets,persistentvolumeclaims -l toprope.dev/data," in event["message"]
