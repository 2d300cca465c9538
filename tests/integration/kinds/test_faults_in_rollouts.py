"""The API server fails in the middle of a release by steps: the route of a step is not written, or the status is not.

A dozen resources, each with a trouble of its own from its second step on, and their twins in peace: they end alike, by
the same weights, and nobody asks in a frenzy.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from dev.floor import Floor
from tests.support.canaries import A_TO_B, LADDER, B, revision, unjudged
from tests.support.operator_process import plain_kubeconfig, running, until
from tests.support.proxy import FAULTS, Fault, Proxy, a_proxy
from tests.support.rollout_history import History
from tests.support.world import lasting, world_of
from toprope.core.names import OWNER_NAME
from toprope.core.objects import HTTP_ROUTE, Manifest, labels_of
from toprope.engine.pause import CONFLICTS_IN_A_ROW, FIRST_PAUSE
from toprope.io.api import Api
from toprope.io.cluster import ApiCluster
from toprope.io.credentials import Connection
from toprope.io.store import Store
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

STORY = unjudged(A_TO_B)
LASTS = 4.0
"""Seconds that each is in trouble."""
MOST = 2 * (1 + CONFLICTS_IN_A_ROW + math.ceil(LASTS / (0.7 * FIRST_PAUSE)))
"""Writes of one object in that time, with the back-off's jitter: a pass may write a status twice."""
STEP = 2


def places(namespace: str, name: str) -> dict[str, str]:
    """Parts of the paths of what is written in a rollout."""
    return {
        "route": f"{HTTP_ROUTE.path(namespace)}/{name}-",
        "status": SHORTENER_APP.resource.path(namespace, name) + "/status",
    }


TROUBLES = {f"{place}-{name}": (place, fault) for place in ("route", "status") for name, fault in FAULTS.items()}


class Troubled:
    """Hears what is written, and begins each one's trouble at its step."""

    def __init__(self, namespace: str, connection: Connection) -> None:
        self.namespace, self.began = namespace, dict[str, float]()
        self.histories = {name: History(LADDER, is_judged=False) for name in TROUBLES}
        self._context = a_proxy(connection, wrote=self.wrote)

    def __enter__(self) -> "Troubled":
        self._known = threading.Lock()
        self.proxy: Proxy = self._context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)

    def fault(self, name: str) -> Fault:
        place, fault = TROUBLES[name]
        path = places(self.namespace, name)[place]
        return replace(fault, path=path, writes_only=True, ends_watches=False)

    def wrote(self, answer: bytes) -> None:
        live = orjson.loads(answer)
        if live["kind"] not in (HTTP_ROUTE.kind, SHORTENER_APP.resource.kind):
            return
        name, namespace = labels_of(live).get(OWNER_NAME, live["metadata"]["name"]), live["metadata"]["namespace"]
        if namespace == self.namespace:
            self.histories[name].saw(live)
            if ((live.get("status") or {}).get("rollout") or {}).get("step") == STEP and name not in self.began:
                self.began[name] = time.monotonic()
                self.proxy.harm(self.fault(name))

    def is_over(self) -> bool:
        for name, began in list(self.began.items()):
            if time.monotonic() - began > LASTS:
                self.proxy.heal(self.fault(name).path)
        return len(self.began) == len(TROUBLES) and time.monotonic() - max(self.began.values()) > LASTS


@pytest.fixture
def troubled(furnished: Floor, connection: Connection, namespaces: Callable[[], str]) -> Iterator[Troubled]:
    with Troubled(namespaces(), connection) as started:
        yield started


def apply(floor: Floor, namespace: str, spec: Any) -> None:
    kind = SHORTENER_APP.resource
    for name in TROUBLES:
        metadata = {"name": name, "namespace": namespace}
        floor.api.apply({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec})


def serve(floor: Floor, namespace: str, spec: Any) -> bool:
    found = floor.api.get(SHORTENER_APP.resource.path(namespace))["items"]
    return all(
        (one.get("status") or {}).get("observedGeneration") == one["metadata"]["generation"]
        and one["status"]["rollout"]["phase"] == "Idle"
        and one["status"]["revision"]["stable"] == revision(spec)
        for one in found
    )


async def ending(connection: Connection, namespace: str) -> tuple[Any, Any]:
    async with Api(connection, lambda verb, code: None) as api:
        cluster = ApiCluster(api, Store(lambda owner, why: None, []))
        found: list[Manifest] = list(await cluster.find(SHORTENER_APP.resource, namespace, {}))
        told = {one["metadata"]["name"]: lasting(one["status"], namespace) for one in found}
        return await world_of(SHORTENER_APP, cluster, namespace), told


async def test_each_ends_as_its_twin_in_peace(
    furnished: Floor, connection: Connection, troubled: Troubled, namespaces: Callable[[], str], tmp_path: Path
) -> None:
    peace, everywhere = namespaces(), [troubled.namespace]
    everywhere.append(peace)
    kubeconfig = plain_kubeconfig(tmp_path / "kubeconfig", troubled.proxy.url)
    with running(kubeconfig, tmp_path / "log", module="toprope run", namespaces=",".join(everywhere)) as operator:
        for spec in (STORY.before, STORY.after):
            for namespace in everywhere:
                apply(furnished, namespace, spec)
            if spec is STORY.after:
                until(troubled.is_over, 120)
            until(lambda given=spec: all(serve(furnished, one, given) for one in everywhere), 120)
        assert operator.ops("/healthz") == "ok"
    asked = {name: troubled.proxy.hits[troubled.fault(name).path] for name in TROUBLES}
    assert {name: often for name, often in asked.items() if not 1 <= often <= MOST} == {}
    weights = [(revision(B), weight) for weight in (0, *LADDER)]
    assert {name: one.weights() for name, one in troubled.histories.items() if one.weights() != weights} == {}
    assert {name: one.broken() for name, one in troubled.histories.items() if one.broken()} == {}
    assert await ending(connection, troubled.namespace) == await ending(connection, peace)
