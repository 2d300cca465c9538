"""A resource that may not go yet says so to a person, once, and keeps its finalizer."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.shorteners import a_shortener
from toprope.cli.paper import DAWN, PaperCluster, merged
from toprope.core.errors import Refused, TopropeError, Transient
from toprope.core.names import FINALIZER, RECONCILE
from toprope.core.objects import Manifest, Ref
from toprope.engine.events import Told
from toprope.engine.one_pass import HICCUPS, Outcome, Result, World, one_pass
from toprope.engine.parting import part, parting
from toprope.io.ledger import NoPrometheus
from toprope.io.nobody import NobodyLooks, NobodyProbes
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
    world = World(cluster, NoPrometheus(), NobodyLooks(), NobodyProbes(), Stopped(), a_shortener().installation, Told())
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
    for failures in range(3):
        assert (await parting(SHORTENER_APP, LINKS, world, failures)).result is Result.REFUSED
    assert said_by(cluster) == [("Warning", "Forbidden", "It cannot go yet: claims are guarded by a policy")]
    assert cluster.objects[LINKS]["metadata"]["finalizers"] == [FINALIZER]


def said_by(cluster: Stubborn) -> list[tuple[str, str, str]]:
    return [(one["type"], one["reason"], one["message"]) for one in cluster.events]


async def tried(world: World, observe: Callable[..., Any] = SHORTENER_APP.observe) -> list[Result]:
    """How tries in a row end that have a moment each."""
    kind = replace(SHORTENER_APP, observe=observe)
    return [(await parting(kind, LINKS, world, failures, longest=0.05)).result for failures in range(HICCUPS + 2)]


async def test_a_hiccup_is_none_and_lasting_trouble_is() -> None:
    cluster, world = await going(Transient("try again"))
    cluster.events.clear()
    assert (await parting(SHORTENER_APP, LINKS, world, HICCUPS - 1)).result is Result.TRANSIENT
    assert cluster.events == []
    assert (await parting(SHORTENER_APP, LINKS, world, HICCUPS)).result is Result.TRANSIENT
    assert said_by(cluster) == [("Warning", "ApiUnavailable", "It cannot go yet: try again")]


async def test_a_farewell_that_hangs_is_ended_and_told_of() -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    cluster, world = await going(Transient("never asked"))
    cluster.events.clear()
    assert set(await tried(world, never)) == {Result.TRANSIENT}
    told = "It cannot go yet: One pass took longer than 0 s."
    assert said_by(cluster) == [("Warning", "ApiUnavailable", told)]


async def test_a_mistake_of_ours_in_a_farewell_is_told_like_one_in_a_pass() -> None:
    async def wrong(*_: object) -> None:
        raise KeyError("spec")

    cluster, world = await going(Transient("never asked"))
    cluster.events.clear()
    assert set(await tried(world, wrong)) == {Result.BUG}
    told = "It cannot go yet: KeyError; the operator's log has more."
    assert said_by(cluster) == [("Warning", "InternalError", told)]


async def test_what_is_gone_already_has_nothing_to_part_from() -> None:
    cluster, world = await going(Transient("never asked"))
    del cluster.objects[LINKS]
    assert await parting(SHORTENER_APP, LINKS, world) == Outcome(Result.IDLE, timedelta(0))


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
