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
REQUESTS = 1 + 2 + 2
"""Of one pass: a look at the credentials, the two children that a change of `replicas` touches, Event and status."""
WATCHES = len({touch.resource for touch in SHORTENER_APP.touches if touch.watched})
PAUSES = (0.5, 1.5, 3.5, 7.5, 15.5, 30.5)
"""When a broken watch is tried again, at the earliest: seconds, each with a list before it."""


def most(fault: str, seconds: float) -> int:
    """Requests of an operator that keeps to its back-off. kopf's own watch comes back once a second."""
    asked = (1 + CONFLICTS_IN_A_ROW + math.ceil(seconds / LEAST_PAUSE)) * REQUESTS
    if fault != RESTART and not FAULTS[fault].ends_watches:
        return asked
    tries = sum(1 for pause in PAUSES if pause < seconds)
    return asked + 2 * WATCHES * tries + 2 * math.ceil(seconds)


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


def changed_during(fault: str, spec: Mapping[str, Any], floor: Floor, proxy: Proxy, ref: Ref) -> tuple[int, int]:
    """The spec is applied while the fault is in force; how many requests the operator made in that time, and how many
    it may make."""
    before, began = proxy.requests, time.monotonic()
    if fault == RESTART:
        floor.restart_apiserver()
        until(lambda: floor.api.find(ref.path))
        floor.api.apply(manifest(ref.namespace, spec))
    else:
        proxy.fault = FAULTS[fault]
        floor.api.apply(manifest(ref.namespace, spec))
        until(lambda: time.monotonic() > began + LASTS)
    asked, proxy.fault = proxy.requests - before, Fault()
    return asked, most(fault, time.monotonic() - began)


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
    assert {fault: told for fault, told in asked.items() if told[0] > told[1]} == {}
    end = await disturbed(connection, ref, held)
    assert difference_of(await undisturbed(connection, namespaces()), end, "after all faults") == ""
