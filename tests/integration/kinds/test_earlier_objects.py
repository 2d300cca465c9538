"""What an operator of an earlier tag left is taken over by today's without a restart of any pod."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dev.floor import Floor
from tests.support.earlier import stands, worlds
from tests.support.engine import INSTALLATION, Engine, an_engine
from toprope.core.objects import DEPLOYMENT, JOB, STATEFUL_SET, Manifest, Ref
from toprope.io.credentials import Connection
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

WITH_PODS = (DEPLOYMENT, STATEFUL_SET, JOB)


async def workloads(engine: Engine, refs: Sequence[Ref]) -> dict[str, Any]:
    """Generation and pod template of everything that runs pods."""
    found = [await engine.cluster.read(ref) for ref in refs if ref.resource in WITH_PODS]
    return {
        f"{live['kind']} {live['metadata']['name']}": (live["metadata"]["generation"], live["spec"]["template"])
        for live in found
        if live is not None
    }


def is_quiet(live: Manifest) -> bool:
    stated = {one["type"]: one["status"] for one in live["status"]["conditions"]}
    return (stated["Ready"], stated["Reconciled"], stated["Progressing"]) == ("True", "True", "False")


@pytest.mark.parametrize("recorded", worlds(), ids=lambda path: path.stem)
async def test_todays_operator_restarts_nothing_of_an_earlier_one(
    recorded: Path, furnished: Floor, connection: Connection, namespaces: Callable[[], str]
) -> None:
    namespace = namespaces()
    async with an_engine(SHORTENER_APP, connection, namespace) as engine:
        engine.world = replace(engine.world, installation=replace(INSTALLATION, version="99.0.0"))
        ref = engine.ref(namespace, "links")
        refs = await stands(engine, recorded, ref)
        version = (await engine.cluster.read(ref) or {})["status"]["version"]
        before = await workloads(engine, refs)
        live = await engine.settle(ref, is_quiet)
        assert before
        assert await workloads(engine, refs) == before
    stated = {one["type"]: one["status"] for one in live["status"]["conditions"]}
    assert stated["RenderOutdated"] == "True"
    assert live["status"]["version"] == version
