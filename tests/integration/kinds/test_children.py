"""Every child of a ShortenerApp, kind by kind, that somebody edits, deletes or takes out of its owner's hands."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from dev.floor import Floor
from tests.integration.kinds.test_kill_points import ROUTED, serves
from tests.support.engine import Engine, an_engine, put
from tests.support.world import world_of
from toprope.core.names import OWNER_KIND, OWNER_NAME
from toprope.core.objects import (
    AUTOSCALER,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    HTTP_ROUTE,
    JOB,
    NETWORK_POLICY,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    ApiResource,
    Manifest,
    Ref,
    ref_of,
)
from toprope.engine.one_pass import Result
from toprope.io.api import MERGE, Request
from toprope.io.credentials import Connection
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

SPEC = ROUTED | {"replicas": {"min": 2}}
TOKEN = {"template": {"spec": {"automountServiceAccountToken": True}}}
OTHERS = {OWNER_NAME: "others"}
EDITS: Mapping[ApiResource, Mapping[str, Any]] = {
    SERVICE_ACCOUNT: {"automountServiceAccountToken": True},
    STATEFUL_SET: {"spec": TOKEN},
    DEPLOYMENT: {"spec": TOKEN},
    AUTOSCALER: {"spec": {"maxReplicas": 99}},
    DISRUPTION_BUDGET: {"spec": {"selector": {"matchLabels": OTHERS}}},
    SERVICE: {"spec": {"selector": OTHERS}},
    NETWORK_POLICY: {"spec": {"podSelector": {"matchLabels": OTHERS}}},
    HTTP_ROUTE: {"spec": {"hostnames": ["other.localhost"]}},
    CONTROLLER_REVISION: {"metadata": {"labels": {OWNER_NAME: None}}},
}
"""What somebody makes of a child. A Job that ran has nothing to say any more."""
ADDITIONS: Mapping[ApiResource, Mapping[str, Any]] = {
    SERVICE: {"spec": {"selector": {"more": "others"}}},
    NETWORK_POLICY: {"spec": {"ingress": [{}]}},
}
"""What somebody adds beside what we say, and means something else then."""


@pytest.fixture
async def engine(furnished: Floor, connection: Connection, namespace: str) -> AsyncIterator[Engine]:
    """An engine, and the resource `links` that serves."""
    async with an_engine(SHORTENER_APP, connection, namespace) as started:
        kind, metadata = SHORTENER_APP.resource, {"name": "links", "namespace": namespace}
        resource = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": SPEC}
        await put(started, links(started), resource)
        await started.settle(links(started), serves)
        yield started


def links(engine: Engine) -> Ref:
    return engine.ref(engine.namespace, "links")


async def world(engine: Engine) -> dict[str, Any]:
    return await world_of(SHORTENER_APP, engine.cluster, engine.namespace)


def children(engine: Engine, *resources: ApiResource) -> list[Ref]:
    """All of these kinds; there is at least one of each."""
    live = engine.cluster.children(engine.namespace, {OWNER_KIND: SHORTENER_APP.resource.kind, OWNER_NAME: "links"})
    found = [ref for ref in map(ref_of, live) if ref.resource in resources]
    assert {ref.resource for ref in found} == set(resources)
    return found


async def patched(engine: Engine, ref: Ref, patch: Mapping[str, Any]) -> Manifest:
    live: Manifest = await engine.api.call(Request("PATCH", ref, ref.path, {"fieldManager": "other"}, patch, MERGE))
    engine.store.put(ref.resource, live)
    return live


async def deleted(engine: Engine, ref: Ref) -> None:
    """Gone, and the store has heard of it."""
    await engine.api.call(Request("DELETE", ref, ref.path, {"propagationPolicy": "Background"}))
    async with asyncio.timeout(30):
        while engine.cluster.child(ref):  # noqa: ASYNC110 - the bell rings for whatever else happens, too
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("edits", [EDITS, ADDITIONS], ids=["edits", "additions"])
async def test_every_edited_child_is_put_right(engine: Engine, edits: Mapping[ApiResource, Mapping[str, Any]]) -> None:
    before = await world(engine)
    for ref in children(engine, *edits):
        edited = await patched(engine, ref, edits[ref.resource])
        await engine.settle(links(engine), serves)
        now = await engine.cluster.read(ref)
        assert now is not None
        assert now["metadata"]["uid"] == edited["metadata"]["uid"], f"{ref} is put right in place"
    assert await world(engine) == before


async def test_what_an_apply_cannot_take_away_is_said(engine: Engine) -> None:
    before = await world(engine)
    deployment = children(engine, DEPLOYMENT)[0]
    live = engine.cluster.child(deployment)
    assert live
    own = live["spec"]["template"]["spec"]["containers"]
    added = [*own, {"name": "sidecar", "image": "registry.example/sidecar:1"}]
    await patched(engine, deployment, {"spec": {"template": {"spec": {"containers": added}}}})
    await engine.until(links(engine), Result.DONE)
    assert await reconciled(engine) == ("False", "ChildContested")
    await patched(engine, deployment, {"spec": {"template": {"spec": {"containers": own}}}})
    await engine.settle(links(engine), serves)
    assert await reconciled(engine) == ("True", "AllApplied")
    assert await world(engine) == before


async def reconciled(engine: Engine) -> tuple[str, str]:
    live = await engine.cluster.read(links(engine))
    assert live
    return next((one["status"], one["reason"]) for one in live["status"]["conditions"] if one["type"] == "Reconciled")


async def test_every_deleted_child_comes_back(engine: Engine) -> None:
    before = await world(engine)
    for ref in children(engine, *EDITS):
        await deleted(engine, ref)
        await engine.settle(links(engine), serves)
        assert await engine.cluster.read(ref) is not None, f"{ref} stays away"
    assert await world(engine) == before


async def test_a_job_that_succeeded_is_not_run_again(engine: Engine) -> None:
    for ref in children(engine, JOB):
        await deleted(engine, ref)
        await engine.settle(links(engine), serves)
        assert await engine.cluster.read(ref) is None


async def test_no_orphaned_child_is_written_to_and_each_is_named(engine: Engine) -> None:
    before = await world(engine)
    for ref in children(engine, *EDITS):
        await patched(engine, ref, {"metadata": {"ownerReferences": None}})
        outcome = await engine.until(links(engine), Result.REFUSED)
        assert str(ref.name) in str(outcome.error)
        now = await engine.cluster.read(ref)
        assert now is not None
        assert "ownerReferences" not in now["metadata"], f"{ref} has been written to"
        await deleted(engine, ref)
        await engine.settle(links(engine), serves)
    assert await world(engine) == before
