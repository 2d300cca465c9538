"""A resource whose end no watch has told of: kopf's watch was behind, and its new list does not miss anything."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.floor import Floor
from tests.support.operator_process import OperatorProcess, plain_kubeconfig, running, until
from tests.support.proxy import Proxy, a_proxy
from tests.support.tiny import TINY, a_tiny
from toprope.core.errors import Conflict
from toprope.core.objects import Ref
from toprope.io.api import MERGE, Api
from toprope.io.cluster import ApiCluster
from toprope.io.credentials import Connection
from toprope.io.store import Store


@pytest.fixture
def proxy(connection: Connection) -> Iterator[Proxy]:
    with a_proxy(connection) as started:
        yield started


@pytest.fixture
def operator(proxy: Proxy, namespace: str, tmp_path: Path) -> Iterator[OperatorProcess]:
    kubeconfig = plain_kubeconfig(tmp_path / "kubeconfig", proxy.url)
    with running(kubeconfig, tmp_path / "operator.log", namespaces=namespace, list_again="3") as started:
        until(lambda: started.answers("/readyz"))
        yield started


def idle_passes(operator: OperatorProcess) -> float:
    found = re.search(r'toprope_passes_total\{kind="Tiny",outcome="Idle"\} (\S+)', operator.ops("/metrics"))
    return float(found[1]) if found else 0.0


def torn_away(floor: Floor, ref: Ref) -> None:
    """Deleted, its finalizer taken off by somebody who did not want to wait."""
    floor.api.request("PATCH", ref.path, {"metadata": {"finalizers": None}}, MERGE)
    floor.api.request("DELETE", ref.path)
    until(lambda: floor.api.find(ref.path) is None)


def test_a_resource_that_went_while_the_watch_was_behind_is_let_go(
    floor: Floor, proxy: Proxy, operator: OperatorProcess, namespace: str
) -> None:
    ref = Ref(TINY.resource, namespace, "links")
    floor.api.apply(a_tiny("links", namespace))
    until(lambda: ((floor.api.find(ref.path) or {}).get("status") or {}).get("revision"))
    with proxy.gap("tinies"):
        torn_away(floor, ref)
        before = idle_passes(operator)
    # A pass over nothing: until then, what the garbage collector takes away is made again and again.
    until(lambda: idle_passes(operator) > before)
    assert operator.process.poll() is None


async def test_who_writes_the_status_of_nothing_forgets_it(
    floor: Floor, connection: Connection, namespace: str
) -> None:
    ref = Ref(TINY.resource, namespace, "links")
    rung: list[Any] = []
    store = Store(lambda owner, why: rung.append(owner), [], [TINY.resource])
    live = floor.api.apply(a_tiny("links", namespace))
    store.heard(TINY.resource, None, "ADDED", live)
    floor.api.request("DELETE", ref.path)
    async with Api(connection, lambda verb, code: None) as api:
        with pytest.raises(Conflict):
            await ApiCluster(api, store).write_status(ref, {}, live["metadata"]["resourceVersion"])
    assert store.get(ref) is None
    assert rung == [(namespace, "Tiny", "links")] * 2
