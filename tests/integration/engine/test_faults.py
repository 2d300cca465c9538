"""An API server that is slow, refuses, cuts connections or restarts: no change is lost, and nobody asks in a frenzy."""

import time
from collections.abc import Iterator

import pytest

from dev.floor import Floor
from dev.installing import serves
from tests.support.operator_process import OperatorProcess, plain_kubeconfig, running, until
from tests.support.proxy import FAULTS, Fault, Proxy, a_proxy
from tests.support.tiny import TINY, a_tiny
from toprope.core.objects import Ref
from toprope.io.credentials import Connection

LASTS = 4.0
"""Seconds that a fault is in force."""
AT_MOST = 80
"""Requests in that time; one operator with one resource that asks without a pause makes thousands."""


@pytest.fixture(scope="module")
def proxy(connection: Connection) -> Iterator[Proxy]:
    with a_proxy(connection) as started:
        yield started


@pytest.fixture(scope="module")
def operator(proxy: Proxy, floor: Floor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    directory = tmp_path_factory.mktemp("faults")
    with running(plain_kubeconfig(directory / "kubeconfig", proxy.url), directory / "operator.log") as started:
        until(lambda: started.answers("/readyz"))
        yield started


def observed(floor: Floor, ref: Ref) -> bool:
    live = floor.api.find(ref.path) or {}
    return bool((live.get("status") or {}).get("observedGeneration") == live["metadata"]["generation"])


@pytest.mark.parametrize("name", FAULTS)
def test_a_change_made_during_a_fault_is_not_lost(
    name: str, proxy: Proxy, operator: OperatorProcess, floor: Floor, namespace: str
) -> None:
    ref = Ref(TINY.resource, namespace, "links")
    proxy.fault = FAULTS[name]
    before, end = proxy.requests, time.monotonic() + LASTS
    floor.api.apply(a_tiny("links", namespace, text=name))
    until(lambda: time.monotonic() > end)
    asked, proxy.fault = proxy.requests - before, Fault()
    until(lambda: observed(floor, ref), 90)
    assert asked <= AT_MOST
    assert operator.process.poll() is None


def test_a_restart_of_the_api_server_is_survived(
    proxy: Proxy, operator: OperatorProcess, floor: Floor, namespace: str
) -> None:
    before, began = proxy.requests, time.monotonic()
    floor.restart_apiserver()
    until(lambda: serves(floor.api, f"/apis/{TINY.resource.api_version}", TINY.resource.plural))
    floor.api.apply(a_tiny("links", namespace))
    asked, lasted = proxy.requests - before, time.monotonic() - began
    until(lambda: observed(floor, Ref(TINY.resource, namespace, "links")), 120)
    assert asked <= AT_MOST * max(1.0, lasted / LASTS)
    assert operator.ops("/healthz") == "ok"
