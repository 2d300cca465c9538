"""A trial with real pods on loopback addresses, their object in a paper cluster, and a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson
from aiohttp import web

from tests.support.engine import INSTALLATION
from tests.support.prometheus_process import free_port
from tests.support.tiny import TINY
from tests.support.traefik_page import Traefik
from toprope.cli.paper import PaperCluster
from toprope.core.errors import TopropeError
from toprope.core.objects import LEASE, NODE, ApiResource, Manifest, Ref
from toprope.core.resource import Resource
from toprope.delivery.gate.rules import Rules
from toprope.delivery.trial import Looked, Side, Trial
from toprope.io.now.gateway import Gateway, NoGateway
from toprope.io.now.nodes import Nodes
from toprope.io.now.pages import Pages
from toprope.io.now.scrape import Eyes, LooksAtBackends, Scrape
from toprope.ports import Cluster
from toprope.slo.spec import Slo
from toprope_kit.memory import BOUNDS, BUCKETS

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROUTE = "links-web-bq2xkd"
WEB = {"app": "links", "component": "web"}
AVAILABILITY = Slo.model_validate({"name": "availability", "objective": "99.9", "availability": {}})
FAST = Slo.model_validate({"name": "fast", "objective": "99", "latency": {"threshold": "50ms"}})
RULES = {"availability": Rules(0.001, 4.0, 2), "fast": Rules(0.01, 4.0, 2)}
CANDIDATE = Side("new", {**WEB, "revision": "new"}, "links-web-new")
STABLE = Side("old", {**WEB, "revision": "old"}, "links-web-old")
FAULTY = ("refuses", "hangs", "garbage", "redirects", "is too large", "says 500", "cuts")
"""How a pod may fail to answer with its page."""


@dataclass(slots=True)
class Hands:
    """Clocks that stand still until they are moved."""

    beats: float = 1000.0
    moment: datetime = NOW

    def beat(self) -> float:
        return self.beats

    def now(self) -> datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        self.beats += seconds
        self.moment += timedelta(seconds=seconds)


@dataclass(slots=True)
class PaperPod:
    """A pod that counts, and answers `/sli` or fails to."""

    uid: str
    labels: Mapping[str, str]
    address: str
    fails: str = ""
    boot: float = 1.0
    good: int = 0
    bad: int = 0
    slow: int = 0
    stuck: int = 0
    oldest: float = 0.0
    asked: int = 0
    node: str = ""
    restarts: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    ready: bool = True
    states: dict[str, Any] = field(default_factory=dict)
    """Of its container, where that does not run."""

    def begin_anew(self) -> None:
        """As a container that is started again."""
        self.boot += 1
        self.good = self.bad = self.slow = self.stuck = 0
        self.oldest = 0.0

    def page(self) -> dict[str, Any]:
        latency = [0] * BUCKETS
        latency[0], latency[-1] = self.good, self.slow
        total = self.good + self.bad + self.slow
        route = {"total": total, "errors": self.bad, "gone": [0] * BUCKETS, "latency": latency}
        users = {"started": total + self.stuck, "finished": total, "cut": 0, "oldestUnfinished": self.oldest}
        none = {"started": 9, "finished": 0, "cut": 0, "oldestUnfinished": 99.0, "routes": {}}
        classes = {"main": {**users, "routes": {"redirect": route}}, "preview": none}
        return {"boot": self.boot, "at": 0, "restarts": 0, "buckets": list(BOUNDS), "classes": classes}

    def manifest(self) -> dict[str, Any]:
        container = {"name": "web", "ready": self.ready, "restartCount": self.restarts, "state": self.states}
        container |= self.status.pop("container", {})
        status = {"phase": "Running", "podIP": self.address, "containerStatuses": [container], **self.status}
        metadata = {"uid": self.uid, "name": f"web-{self.uid}", "labels": dict(self.labels), **self.metadata}
        spec = {"nodeName": self.node} if self.node else {}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        if self.fails in ("hangs", "cuts"):
            await (asyncio.sleep(3600) if self.fails == "hangs" else _cut(request))
        if self.fails == "redirects":
            raise web.HTTPFound("http://127.0.0.1:1/sli")
        body = orjson.dumps(self.page()) if request.path == "/sli" else b""
        bodies = {"garbage": b"<html>", "is too large": body + b" " * 70_000}
        return web.Response(body=bodies.get(self.fails, body), status=500 if self.fails == "says 500" else 200)


async def _cut(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


class Roster(PaperCluster):
    """Lists pods and reads nodes from memory; `fails` is what it says instead."""

    def __init__(self) -> None:
        super().__init__()
        self.pods: list[PaperPod] = []
        self.nodes: dict[tuple[ApiResource, str], Manifest] = {}
        self.fails: TopropeError | None = None
        self.lists = 0
        self.selectors: list[Mapping[str, str]] = []

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        self.lists += 1
        self.selectors.append(labels)
        self._say()
        return [pod.manifest() for pod in self.pods if labels.items() <= pod.labels.items()]

    async def read(self, ref: Ref) -> Manifest | None:
        self._say()
        return self.nodes.get((ref.resource, ref.name))

    def has_node(self, name: str, ready: str = "True", renewed: str = "1") -> None:
        """With a lease that was renewed at some time."""
        self.nodes[NODE, name] = {"status": {"conditions": [{"type": "Ready", "status": ready}]}}
        self.nodes[LEASE, name] = {"spec": {"renewTime": renewed}}

    def _say(self) -> None:
        if self.fails:
            raise self.fails


Put = Callable[[PaperPod], None]


@dataclass(slots=True)
class Stage:
    """All that one scrape is handed in, with a trial of `links`."""

    scrape: Scrape
    hands: Hands
    cluster: Any
    put: Put
    """Makes the object of a pod."""
    port: int
    trial: Trial
    rung: list[tuple[Any, str]]
    traefik: "PaperGateway"
    stack: AsyncExitStack
    namespace: str
    slos: list[Slo] = field(default_factory=lambda: [AVAILABILITY, FAST])
    born: int = 0

    async def pod(self, side: Side, **more: Any) -> PaperPod:
        """One more pod of a side, in the cluster and on the network."""
        self.born += 1
        made = PaperPod(f"{side.revision}-{self.born}", side.pods, f"127.0.7.{self.born}", **more)
        self.put(made)
        await self.serve(made)
        return made

    async def serve(self, pod: PaperPod) -> None:
        """At its address, unless it refuses."""
        if pod.fails == "refuses":
            return
        app = web.Application()
        app.router.add_get("/{path:.*}", pod.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, pod.address, self.port).start()

    def ask(self, **changed: Any) -> Looked:
        """As a pass does; `changed` are fields of the trial from now on."""
        self.trial = replace(self.trial, **changed)
        return self.scrape.of(a_resource(self.slos, namespace=self.namespace), self.trial)

    async def later(self, seconds: float = 1.0) -> Looked:
        """One look, after a while, and what a pass is told then."""
        await self.look(seconds)
        return self.ask()

    async def until(self, seen: Callable[[Looked], object], seconds: float = 1.0) -> Looked:
        """Looks until it is seen, on a machine that may be busy."""
        async with asyncio.timeout(60):
            while not seen(looked := await self.later(seconds)):  # noqa: ASYNC110 - it is seen by looking
                await asyncio.sleep(0.02)
        return looked

    async def look(self, seconds: float = 1.0) -> None:
        """One look, after a while, without anybody who asks."""
        self.hands.move(seconds)
        await self.scrape.look()


@dataclass(slots=True)
class PaperGateway:
    """Answers the pages of Traefik."""

    traefik: Traefik = field(default_factory=Traefik)
    fails: bool = False
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(request.headers)
        return web.Response(body=self.traefik.text, status=503 if self.fails else 200)


def a_resource(slos: Sequence[Slo], name: str = "links", namespace: str = "shop") -> Resource:
    spec, status = SimpleNamespace(slos=slos), SimpleNamespace(slos=[])
    ref = Ref(TINY.resource, namespace, name)
    return Resource(ref, "uid", 1, "1", {}, False, spec, status, INSTALLATION)


def a_trial(port: int, **more: Any) -> Trial:
    return Trial(CANDIDATE, STABLE, port, step=1, is_bake=False, rules=RULES, **more)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a stage stands on."""

    cluster: Cluster
    put: Put
    namespace: str = "shop"


def on_paper() -> Scene:
    roster = Roster()
    return Scene(roster, roster.pods.append)


@asynccontextmanager
async def a_stage(
    scene: Scene | None = None, *, gateway: bool = False, nodes: bool = False, patience: float = 5.0
) -> AsyncIterator[Stage]:
    """Its operator is patient by default: a test that waits for nobody must not fail because its machine is busy."""
    scene = scene or on_paper()
    async with AsyncExitStack() as stack:
        hands, rung, traefik, port = Hands(), list[tuple[Any, str]](), PaperGateway(), free_port()
        pods = await stack.enter_async_context(Pages(patience, 64 * 1024))
        backends: LooksAtBackends = await _gateway(stack, traefik) if gateway else NoGateway()
        eyes = Eyes(scene.cluster, pods, backends, Nodes(scene.cluster, hands.beat) if nodes else None)
        scrape = Scrape(eyes, hands, lambda owner, why: rung.append((owner, why)), hands.beat)
        trial = a_trial(port, route=ROUTE if gateway else "")
        yield Stage(scrape, hands, scene.cluster, scene.put, port, trial, rung, traefik, stack, scene.namespace)


async def _gateway(stack: AsyncExitStack, traefik: PaperGateway) -> Gateway:
    app = web.Application()
    app.router.add_get("/metrics", traefik.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return Gateway(await stack.enter_async_context(Pages(5.0, 1 << 20)), f"http://localhost:{port}/metrics")
