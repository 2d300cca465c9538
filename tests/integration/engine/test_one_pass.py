"""A Tiny from its first pass to its farewell, against the real API server."""

from tests.support.engine import an_engine, put
from tests.support.tiny import TINY, a_tiny
from tests.support.world import world_of
from toprope.io.credentials import Connection


async def test_a_new_resource_gets_its_children_and_a_status(connection: Connection, namespace: str) -> None:
    async with an_engine(TINY, connection, namespace) as engine:
        ref = engine.ref(namespace, "one")
        await put(engine, ref, a_tiny("one", namespace))
        live = await engine.settle(ref)
        world = await world_of(TINY, engine.cluster, namespace)
    revision = live["status"]["revision"]
    assert sorted(world) == [
        f"ControllerRevision/one-record-{revision}",
        "NetworkPolicy/one-web",
        "Secret/one-credentials",
        "Service/one-web",
        f"Service/one-web-{revision}",
    ]
    assert {one["type"]: one["status"] for one in live["status"]["conditions"]} == {
        "Ready": "True",
        "Reconciled": "True",
    }
