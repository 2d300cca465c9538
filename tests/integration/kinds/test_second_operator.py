"""Two operators by accident: what one of them decided on a world of the past, and writes late, does no harm."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from dev.floor import Floor
from tests.support.canaries import ABORT, SLOW_B, A, ends, revision
from tests.support.dying import DyingCluster
from tests.support.engine import Engine, an_engine, put
from tests.support.verdicts import Verdicts
from toprope.cli.paper import merged
from toprope.core.objects import HTTP_ROUTE, Manifest, Ref
from toprope.delivery.machine.rollout import WHOLE
from toprope.engine.one_pass import Result
from toprope.io.credentials import Connection
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.serving.health import weights_of

STABLE = {f"links-web-{revision(A)}": WHOLE}
PATIENCE = 60


class Stalling(DyingCluster):
    """Stops before the next write of a route until it is told to go on."""

    def __init__(self, real: DyingCluster) -> None:
        super().__init__(real)
        self.stalls, self.goes_on = asyncio.Event(), asyncio.Event()

    async def apply(self, manifest: Manifest) -> Manifest:
        if manifest["kind"] == HTTP_ROUTE.kind:
            self.stalls.set()
            await self.goes_on.wait()
        return await super().apply(manifest)


class Late:
    """A pass that has decided, and writes its route when it is told to."""

    def __init__(self, engine: Engine, ref: Ref) -> None:
        self.cluster = Stalling(engine.cluster)
        late = replace(engine, world=replace(engine.world, cluster=self.cluster))
        self._pass = asyncio.create_task(late.one_pass(ref))

    async def decided(self) -> "Late":
        await asyncio.wait_for(self.cluster.stalls.wait(), PATIENCE)
        return self

    async def writes(self) -> Result:
        self.cluster.goes_on.set()
        return (await asyncio.wait_for(self._pass, PATIENCE)).result


async def asks(engine: Engine, ref: Ref, spec: object, **annotations: str) -> None:
    resource = SHORTENER_APP.resource
    metadata = {"name": ref.name, "namespace": ref.namespace, "annotations": annotations}
    await put(
        engine, ref, {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}
    )


@asynccontextmanager
async def two(connection: Connection, namespace: str) -> AsyncIterator[tuple[Engine, Engine]]:
    """Both look after the same namespace."""
    async with (
        an_engine(SHORTENER_APP, connection, namespace, Verdicts()) as one,
        an_engine(SHORTENER_APP, connection, namespace, Verdicts()) as other,
    ):
        yield one, other


async def about_to_raise(engine: Engine, ref: Ref) -> Late:
    """10 % stand in the status, and a pass is about to route them."""
    await asks(engine, ref, A)
    await engine.settle(ref, ends("Idle", A))
    await asks(engine, ref, SLOW_B)
    async with asyncio.timeout(PATIENCE):
        while ((engine.cluster.child(ref) or {})["status"]["rollout"].get("weight")) != "10%":
            await engine.one_pass(ref)
            await asyncio.sleep(0.05)
    return await Late(engine, ref).decided()


async def routed(engine: Engine, ref: Ref) -> dict[str, int]:
    (route,) = await engine.cluster.find(HTTP_ROUTE, ref.namespace, {})
    return weights_of(route)


@pytest.fixture
def ref(furnished: Floor, namespace: str) -> Ref:
    return Ref(SHORTENER_APP.resource, namespace, "links")


async def test_a_late_raise_is_refused_once_the_other_has_taken_the_candidate_back(
    ref: Ref, connection: Connection
) -> None:
    async with two(connection, ref.namespace) as (one, other):
        late = await about_to_raise(one, ref)
        await asks(other, ref, SLOW_B, **ABORT)
        await other.settle(ref, ends("Failed", A))
        assert await late.writes() is Result.CONFLICT
        assert await routed(other, ref) == STABLE
        await one.settle(ref, ends("Failed", A))


async def test_a_late_write_of_something_else_does_not_bring_the_candidate_back(
    ref: Ref, connection: Connection
) -> None:
    async with two(connection, ref.namespace) as (one, other):
        await (await about_to_raise(one, ref)).writes()
        await asks(one, ref, merged(SLOW_B, {"traffic": {"hostnames": ["other.localhost"]}}))
        late = await Late(one, ref).decided()
        await asks(other, ref, SLOW_B, **ABORT)
        await other.settle(ref, ends("Failed", A))
        assert await late.writes() is Result.CONFLICT
        assert await routed(other, ref) == STABLE


async def test_a_late_fall_goes_through_whatever_the_other_has_routed_meanwhile(
    ref: Ref, connection: Connection
) -> None:
    async with two(connection, ref.namespace) as (one, other):
        raises = await about_to_raise(one, ref)
        await asks(other, ref, SLOW_B, **ABORT)
        falls = await Late(other, ref).decided()
        assert await raises.writes() is not Result.DONE, "its status stands on what is no more"
        assert len(await routed(other, ref)) == len([revision(A), revision(SLOW_B)])
        await falls.writes()
        assert await routed(other, ref) == STABLE
        await other.settle(ref, ends("Failed", A))
