"""Children that somebody edits, deletes or owns, and data that outlives its resource."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.support.engine import Engine, an_engine, put
from tests.support.tiny import TINY, a_tiny
from toprope.core.names import RECONCILE
from toprope.core.objects import NETWORK_POLICY, SECRET, SERVICE, Manifest, Ref
from toprope.engine.one_pass import Result
from toprope.io.api import MERGE, Request
from toprope.io.credentials import Connection


@pytest.fixture
async def engine(connection: Connection, namespace: str) -> AsyncIterator[Engine]:
    async with an_engine(TINY, connection, namespace) as started:
        yield started


async def standing(engine: Engine, name: str = "links", **spec: Any) -> Ref:
    ref = engine.ref(engine.namespace, name)
    await put(engine, ref, a_tiny(name, engine.namespace, **spec))
    await engine.settle(ref)
    return ref


async def edit(engine: Engine, ref: Ref, patch: Mapping[str, Any]) -> Manifest:
    params = {"fieldManager": "somebody"}
    live: Manifest = await engine.api.call(Request("PATCH", ref, ref.path, params, patch, MERGE))
    engine.store.put(ref.resource, live)
    return live


def condition(live: Manifest, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in live["status"]["conditions"] if one["type"] == name)
    return found


async def test_an_unchanged_world_costs_no_write(engine: Engine) -> None:
    ref = await standing(engine)
    before = engine.cluster.writes
    assert (await engine.one_pass(ref)).result is Result.DONE
    assert engine.cluster.writes == before


async def test_an_edited_child_is_put_right(engine: Engine) -> None:
    ref = await standing(engine)
    service = Ref(SERVICE, engine.namespace, "links-web")
    await edit(engine, service, {"spec": {"selector": {"app": "other"}}})
    await engine.settle(ref)
    live = await engine.cluster.read(service)
    assert live is not None
    assert live["spec"]["selector"]["app"] == "links"


async def test_a_deleted_child_comes_back(engine: Engine) -> None:
    ref = await standing(engine)
    service = Ref(SERVICE, engine.namespace, "links-web")
    old = await engine.cluster.read(service)
    assert old is not None
    await engine.api.call(Request("DELETE", service, service.path))
    await engine.rung(ref)
    await engine.settle(ref)
    new = await engine.cluster.read(service)
    assert new is not None
    assert new["metadata"]["uid"] != old["metadata"]["uid"]


async def test_a_child_of_somebody_else_is_refused_and_named(engine: Engine) -> None:
    foreign = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "taken-web", "namespace": engine.namespace},
        "spec": {"ports": [{"port": 1}], "selector": {"app": "theirs"}},
    }
    path, params = SERVICE.path(engine.namespace), {"fieldManager": "helm"}
    await engine.api.call(Request("POST", Ref(SERVICE, engine.namespace, "taken-web"), path, params, foreign))
    ref = engine.ref(engine.namespace, "taken")
    await put(engine, ref, a_tiny("taken", engine.namespace))
    assert (await engine.until(ref, Result.REFUSED)).error is not None
    live = await engine.cluster.read(ref)
    assert live is not None
    ready = condition(live, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ChildNotOurs")
    assert "belongs to no controller (last written by helm)" in ready["message"]
    untouched = await engine.cluster.read(Ref(SERVICE, engine.namespace, "taken-web"))
    assert untouched is not None
    assert untouched["spec"]["selector"] == {"app": "theirs"}


async def test_data_is_adopted_when_the_resource_comes_back(engine: Engine) -> None:
    ref = await standing(engine)
    secret = Ref(SECRET, engine.namespace, "links-credentials")
    before = await engine.cluster.read(secret)
    engine.store.put(ref.resource, await engine.api.call(Request("DELETE", ref, ref.path)))
    await engine.part(ref)
    await engine.gone(ref)
    await standing(engine)
    after = await engine.cluster.read(secret)
    assert before is not None
    assert after is not None
    assert after["data"] == before["data"]


async def test_what_a_person_disables_is_left_as_it_is(engine: Engine) -> None:
    ref = await standing(engine)
    await edit(engine, ref, {"metadata": {"annotations": {RECONCILE: "disabled"}}, "spec": {"port": 81}})
    assert (await engine.until(ref, Result.IDLE)).error is None
    live = await engine.cluster.read(ref)
    assert live is not None
    assert condition(live, "Reconciled")["reason"] == "ReconcileDisabled"
    service = await engine.cluster.read(Ref(SERVICE, engine.namespace, "links-web"))
    assert service is not None
    assert service["spec"]["ports"][0]["port"] == 80


async def test_a_renamed_release_prunes_what_it_no_longer_wants(engine: Engine) -> None:
    ref = await standing(engine)
    old = (await engine.settle(ref))["status"]["revision"]
    await put(engine, ref, a_tiny("links", engine.namespace, text="two"))
    await engine.settle(ref)
    assert await engine.cluster.read(Ref(SERVICE, engine.namespace, f"links-web-{old}")) is None
    assert await engine.cluster.read(Ref(NETWORK_POLICY, engine.namespace, "links-web")) is not None
