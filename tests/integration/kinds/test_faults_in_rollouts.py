"""The API server fails in the middle of a release by steps: the route of a step is not written, or the status is not.

A dozen resources, each with a trouble of its own from its second step on, and their twins in peace: they end alike, by
the same weights, and nobody asks in a frenzy.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from dev.floor import Floor
from tests.support.canaries import A_TO_B, LADDER, B, revision, unjudged
from tests.support.kill_points import Ending, difference_of
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
"""Seconds that each is in trouble, at least, and until it has noticed."""
PATIENCE = 120.0
SETTLES = 30
STEP = 2
KINDS = (HTTP_ROUTE.kind, SHORTENER_APP.resource.kind)


def most(seconds: float) -> int:
    """Writes of one object in that time, with the back-off's jitter: a pass may write a status twice."""
    return 2 * (1 + CONFLICTS_IN_A_ROW + math.ceil(seconds / (0.7 * FIRST_PAUSE)))


def places(namespace: str, name: str) -> dict[str, str]:
    """Parts of the paths of what is written in a rollout."""
    return {
        "route": f"{HTTP_ROUTE.path(namespace)}/{name}-",
        "status": SHORTENER_APP.resource.path(namespace, name) + "/status",
    }


TROUBLES = {f"{place}-{name}": (place, fault) for place in ("route", "status") for name, fault in FAULTS.items()}


class Troubled:
    """Hears what is written, and begins each one's trouble at its step."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.histories = {name: History(LADDER, is_judged=False) for name in TROUBLES}
        self.proxy: Proxy | None = None

    def fault(self, name: str) -> Fault:
        place, fault = TROUBLES[name]
        path = places(self.namespace, name)[place]
        return replace(fault, path=path, writes_only=True, ends_watches=False)

    def wrote(self, answer: bytes) -> None:
        """In the proxy's thread, before the operator hears of it."""
        live = orjson.loads(answer)
        if live["kind"] in KINDS and live["metadata"]["namespace"] == self.namespace:
            name = labels_of(live).get(OWNER_NAME, live["metadata"]["name"])
            self.histories[name].saw(live)
            is_there = self.histories[name].words and self.histories[name].words[-1].step == STEP
            if is_there and name not in self.began and self.proxy:
                self.began[name] = time.monotonic()
                self.proxy.harm(self.fault(name))

    def is_over(self, proxy: Proxy) -> bool:
        for name, began in list(self.began.items()):
            path, now = self.fault(name).path, time.monotonic()
            if name not in self.ended and now - began > LASTS and proxy.hits[path]:
                self.ended[name] = now
                proxy.heal(path)
        return len(self.ended) == len(TROUBLES)

    def frenzies(self, proxy: Proxy) -> dict[str, int]:
        """Who wrote more often than the back-off allows."""
        often = {name: proxy.hits[self.fault(name).path] for name in TROUBLES}
        return {name: hits for name, hits in often.items() if hits > most(self.ended[name] - self.began[name])}

    def laws(self) -> dict[str, list[str]]:
        """Whatever was not as it should be."""
        wanted = [(revision(B), weight) for weight in (0, *LADDER)]
        found = {name: (one.weights(), one.broken()) for name, one in self.histories.items()}
        return {
            name: [str(weights), *broken] for name, (weights, broken) in found.items() if weights != wanted or broken
        }


def apply(floor: Floor, namespace: str, spec: Any) -> None:
    kind = SHORTENER_APP.resource
    for name in TROUBLES:
        metadata = {"name": name, "namespace": namespace}
        floor.api.apply({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec})


def serve(floor: Floor, namespace: str, spec: Any) -> bool:
    """Whether it serves everywhere there, and nothing moves any more."""
    found = floor.api.get(SHORTENER_APP.resource.path(namespace))["items"]
    return all(serves(one, spec) for one in found)


def serves(live: Manifest, spec: Any) -> bool:
    status = live.get("status") or {}
    if status.get("observedGeneration") != live["metadata"]["generation"]:
        return False
    # A first release is stable from its first pass on: what comes before it is Ready does not run beside anything.
    is_ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status["conditions"])
    return is_ready and status["rollout"]["phase"] == "Idle" and status["revision"]["stable"] == revision(spec)


async def ending(connection: Connection, namespace: str) -> Ending:
    async with Api(connection, lambda verb, code: None) as api:
        cluster = ApiCluster(api, Store(lambda owner, why: None, []))
        found: list[Manifest] = list(await cluster.find(SHORTENER_APP.resource, namespace, {}))
        told = {one["metadata"]["name"]: lasting(one["status"], namespace) for one in found}
        return Ending(await world_of(SHORTENER_APP, cluster, namespace), told, 0, [])


async def difference(connection: Connection, peace: str, here: str) -> str:
    """What stays of it, once everything that retired is pruned and garbage collected."""
    for _ in range(SETTLES):
        if not (found := difference_of(await ending(connection, peace), await ending(connection, here), "in trouble")):
            break
        await asyncio.sleep(1)
    return found


def released(floor: Floor, everywhere: list[str], spec: Any, troubles_end: Callable[[], bool]) -> None:
    """A release everywhere at once, until it serves and whatever troubles it is over."""
    for namespace in everywhere:
        apply(floor, namespace, spec)
    until(troubles_end, PATIENCE)
    until(lambda: all(serve(floor, one, spec) for one in everywhere), PATIENCE)


async def test_each_ends_as_its_twin_in_peace(
    furnished: Floor, connection: Connection, namespaces: Callable[[], str], tmp_path: Path
) -> None:
    here, peace = namespaces(), namespaces()
    troubled = Troubled(here)
    with a_proxy(connection, wrote=troubled.wrote) as proxy:
        troubled.proxy = proxy
        kubeconfig = plain_kubeconfig(tmp_path / "kubeconfig", proxy.url)
        with running(kubeconfig, tmp_path / "log", module="toprope run", namespaces=f"{here},{peace}") as operator:
            released(furnished, [here, peace], STORY.before, lambda: True)
            released(furnished, [here, peace], STORY.after, lambda: troubled.is_over(proxy))
            # Who retired is pruned by the pass after the one that says that all is done: the operator has to be there.
            assert await difference(connection, peace, here) == ""
            assert operator.ops("/healthz") == "ok"
        assert troubled.frenzies(proxy) == {}
    assert troubled.laws() == {}
