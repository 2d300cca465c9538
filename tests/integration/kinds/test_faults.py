"""A ShortenerApp changed while the API server is slow, refuses, cuts connections or restarts: nothing is lost, and the
operator asks no more often than its back-off says.
"""

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dev.floor import Floor
from tests.integration.kinds.test_kill_points import serves
from tests.support.engine import an_engine, is_observed, put
from tests.support.kill_points import Ending, difference_of, lost
from tests.support.operator_process import plain_kubeconfig, running, until
from tests.support.proxy import FAULTS, Fault, Proxy, a_proxy
from tests.support.world import data_of, status_of, world_of
from toprope.core.objects import Ref
from toprope.engine.pause import CONFLICTS_IN_A_ROW, FIRST_PAUSE
from toprope.io.api import Api
from toprope.io.cluster import ApiCluster
from toprope.io.credentials import Connection
from toprope.io.store import Store
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

SEED = 20261122
LASTS = 3.0
"""Seconds that a fault is in force."""
RESTART = "restarted"
LEAST_PAUSE = 0.7 * FIRST_PAUSE
"""The back-off's first pause with its jitter; later ones are longer, and no bell cuts one shorter than a second."""
PASSES = 1 + CONFLICTS_IN_A_ROW + math.ceil(LASTS / LEAST_PAUSE)
REQUESTS = 1 + 2 + 2
"""Of one pass: a look at the credentials, the two children that a change of `replicas` touches, Event and status."""


def steps() -> list[tuple[str, dict[str, Any]]]:
    """Each fault once, by chance in this order, and the spec that is applied while it is in force."""
    order = [*FAULTS, RESTART]
    random.Random(SEED).shuffle(order)
    return [(fault, {"replicas": {"min": number, "max": 9}}) for number, fault in enumerate(order, 2)]


def manifest(namespace: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    kind = SHORTENER_APP.resource
    metadata = {"name": "links", "namespace": namespace}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


async def undisturbed(connection: Connection, namespace: str) -> Ending:
    """After the same changes, in a cluster where all is well."""
    async with an_engine(SHORTENER_APP, connection, namespace) as engine:
        ref = engine.ref(namespace, "links")
        for spec in [{}, *(spec for _, spec in steps())]:
            await put(engine, ref, manifest(namespace, spec))
            await engine.settle(ref, serves)
        return Ending(await world_of(SHORTENER_APP, engine.cluster, namespace), await status_of(engine.api, ref), 0, [])


async def disturbed(connection: Connection, ref: Ref, held: Mapping[str, str]) -> Ending:
    """As it is now."""
    async with Api(connection, lambda verb, code: None) as api:
        cluster = unwatched(api)
        gone = lost(held, await data_of(SHORTENER_APP, cluster, ref.namespace))
        return Ending(await world_of(SHORTENER_APP, cluster, ref.namespace), await status_of(api, ref), 0, gone)


def unwatched(api: Api) -> ApiCluster:
    return ApiCluster(api, Store(lambda owner, why: None, []))


async def data(connection: Connection, namespace: str) -> Mapping[str, str]:
    async with Api(connection, lambda verb, code: None) as api:
        return await data_of(SHORTENER_APP, unwatched(api), namespace)


@pytest.fixture
def proxy(connection: Connection) -> Iterator[Proxy]:
    with a_proxy(connection) as started:
        yield started


def changed_during(fault: str, spec: Mapping[str, Any], floor: Floor, proxy: Proxy, ref: Ref) -> int:
    """The spec is applied while the fault is in force; how many requests the operator made in that time."""
    if fault == RESTART:
        floor.restart_apiserver()
        until(lambda: floor.api.find(ref.path))
        floor.api.apply(manifest(ref.namespace, spec))
        return 0
    before, end = proxy.requests, time.monotonic() + LASTS
    proxy.fault = FAULTS[fault]
    floor.api.apply(manifest(ref.namespace, spec))
    until(lambda: time.monotonic() > end)
    asked, proxy.fault = proxy.requests - before, Fault()
    return asked


def is_settled(floor: Floor, ref: Ref) -> bool:
    live = floor.api.find(ref.path) or {}
    return "status" in live and is_observed(live) and serves(live)


async def test_no_change_is_lost_and_no_loop_is_busy(
    furnished: Floor, connection: Connection, proxy: Proxy, namespaces: Callable[[], str], tmp_path: Path
) -> None:
    namespace = namespaces()
    ref = Ref(SHORTENER_APP.resource, namespace, "links")
    kubeconfig = plain_kubeconfig(tmp_path / "kubeconfig", proxy.url)
    asked = {}
    with running(kubeconfig, tmp_path / "log", module="toprope run", namespaces=namespace) as operator:
        furnished.api.apply(manifest(namespace, {}))
        until(lambda: is_settled(furnished, ref))
        held = await data(connection, namespace)
        for fault, spec in steps():
            asked[fault] = changed_during(fault, spec, furnished, proxy, ref)
            until(lambda: is_settled(furnished, ref), 90)
        assert operator.ops("/healthz") == "ok"
    assert {fault: number for fault, number in asked.items() if number > PASSES * REQUESTS} == {}
    end = await disturbed(connection, ref, held)
    assert difference_of(await undisturbed(connection, namespaces()), end, "after all faults") == ""
