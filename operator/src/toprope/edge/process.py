"""The operator's process: store and watches first, then kopf; the first of them to end ends the process.

Whoever runs it starts it again: a pod's restart policy, or `make dev`.
"""

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Any, TypeVar

import kopf
import uvloop

from toprope import __version__
from toprope.core.errors import TopropeError, Transient
from toprope.core.objects import ApiResource, Ref
from toprope.edge import wiring
from toprope.edge.probes import Health, OpsServer, Pulse
from toprope.edge.settings import Settings
from toprope.edge.telemetry import Telemetry, log_to_stdout
from toprope.engine.events import Told
from toprope.engine.loop import Loop
from toprope.engine.one_pass import Outcome, World, one_pass
from toprope.io.api import Api
from toprope.io.apis import appeared, present
from toprope.io.clock import SystemClock
from toprope.io.cluster import ApiCluster
from toprope.io.credentials import connection
from toprope.io.ledger import Ledger, NoPrometheus
from toprope.io.now import gateway, scrape
from toprope.io.now.nodes import Nodes
from toprope.io.now.pages import Pages
from toprope.io.prober import Prober
from toprope.io.prometheus import Prometheus, reached
from toprope.io.store import Store
from toprope.io.watch import Reflector
from toprope.kind import Kind

T = TypeVar("T")

LAST_WORDS = 10.0
"""Seconds in which kopf may end what it started."""
FIRST_LOOK = 5.0
"""Seconds that Prometheus has to answer before the first pass."""
YOUNG_OBJECTS = 20_000
"""How many new containers the collector waits for: a pass makes thousands, and hardly any of them in circles."""

log = logging.getLogger("toprope")


def live(settings: Settings, kinds: Sequence[Kind]) -> None:
    """Runs the operator until SIGTERM or SIGINT, or until an optional API appears that it has to watch too."""
    log_to_stdout(settings.log_level)
    # What the imports made lives as long as the process: the collector need not look through it each time.
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    with suppress(asyncio.CancelledError):
        uvloop.run(Process(settings, kinds).live())


class Process:
    """All that one operator process is made of."""

    def __init__(self, settings: Settings, kinds: Sequence[Kind]) -> None:
        self._settings = settings
        self._kinds = kinds
        self._telemetry = Telemetry()
        self._loop = Loop(self._pass, self._telemetry)
        self._telemetry.watch(self._loop.oldest_unfinished, lambda: self._loop.kept)
        self._pulse = Pulse(time.monotonic())
        self._store = Store(self._loop.ring, _watched(kinds), [kind.resource for kind in kinds])

    async def live(self) -> None:
        """Serves the ops port, fills the store, hands over to kopf."""
        # Until kopf takes the signal over: as a container's first process nobody else ends us.
        if this := asyncio.current_task():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
        health = Health(self._pulse, self._loop.oldest_unfinished, self._settings.longest_pass)
        ops = OpsServer((self._settings.ops_host, self._settings.ops_port), health, self._telemetry.registry)
        log.info("toprope %s, ops port %d", __version__, ops.port)
        heart = asyncio.create_task(self._beat())
        try:
            async with AsyncExitStack() as stack:
                await self._work(stack)
        finally:
            heart.cancel()
            ops.close()

    async def _work(self, stack: AsyncExitStack) -> None:
        server = connection(self._settings.kubeconfig)
        api = await stack.enter_async_context(Api(server, self._telemetry.requested))
        ledger = await self._ledger(stack)
        await _patiently(lambda: _own_are_served(api, self._kinds))
        absent = await _patiently(lambda: _absent(api, self._kinds))
        installation = replace(self._settings.installation, absent=frozenset(absent))
        cluster, metrics = ApiCluster(api, self._store), ledger or NoPrometheus()
        now = scrape.Scrape(await self._eyes(stack, cluster), SystemClock(), self._loop.ring)
        probes = await stack.enter_async_context(Prober(cluster, SystemClock(), self._loop.ring))
        self._world = World(cluster, metrics, now, probes, SystemClock(), installation, Told())
        reflectors = [
            Reflector(api, self._store, resource, scope)
            for resource in _watched(self._kinds)
            if resource not in absent
            for scope in self._settings.namespaces or (None,)
        ]
        every = self._settings.list_again
        tasks = [asyncio.create_task(reflector.run(every)) for reflector in reflectors]
        # kopf watches these, and never hears of what was deleted while its watch was behind (410 Gone).
        tasks += [asyncio.create_task(own.list_again(every)) for own in self._own(api)]
        tasks.append(asyncio.create_task(_say_when_one_appears(api, absent, self._settings.look_for_apis)))
        tasks.append(asyncio.create_task(now.keep()))
        if ledger:
            tasks.append(asyncio.create_task(ledger.keep()))
        synced = asyncio.gather(*(reflector.synced.wait() for reflector in reflectors))
        await _first([*tasks, asyncio.ensure_future(synced)])
        if ledger:
            # The first passes after a restart should not say that nothing is known; nor wait long to say it.
            with suppress(TimeoutError):
                await asyncio.wait_for(ledger.looked.wait(), FIRST_LOOK)
        self._pulse.ready = True
        log.info("%d objects in the store", len(self._store))
        wired = wiring.Wired(server, self._store, self._loop, self._world)
        await self._until_one_ends(tasks, wired)

    async def _ledger(self, stack: AsyncExitStack) -> Ledger | None:
        if not self._settings.prometheus_url:
            return None
        way = reached(
            self._settings.prometheus_url, self._settings.prometheus_token_file, self._settings.prometheus_ca_file
        )
        ledger = Ledger(await stack.enter_async_context(Prometheus(way)), SystemClock(), self._loop.ring)
        self._telemetry.watch_slos(lambda: ledger.readings)
        return ledger

    async def _eyes(self, stack: AsyncExitStack, cluster: ApiCluster) -> scrape.Eyes:
        """Those who are asked what happens now."""
        pods = await stack.enter_async_context(Pages(scrape.PATIENCE, scrape.LARGEST))
        gateways: scrape.LooksAtBackends = gateway.NoGateway()
        if self._settings.gateway_metrics:
            pages = await stack.enter_async_context(Pages(gateway.PATIENCE, gateway.LARGEST))
            gateways = gateway.Gateway(pages, self._settings.gateway_metrics)
        # Rights in some namespaces are none on nodes.
        nodes = None if self._settings.namespaces else Nodes(cluster, time.monotonic)
        return scrape.Eyes(cluster, pods, gateways, nodes)

    def _own(self, api: Api) -> list[Reflector]:
        scopes = self._settings.namespaces or (None,)
        return [Reflector(api, self._store, kind.resource, scope, "") for kind in self._kinds for scope in scopes]

    async def _until_one_ends(self, tasks: Sequence[asyncio.Task[Any]], wired: wiring.Wired) -> None:
        ends = asyncio.Event()
        operator = asyncio.create_task(self._kopf(wired, ends))
        try:
            await _first([*tasks, operator])
        finally:
            # Asked, kopf lets go of what it started; cancelled from outside, it may wait for its own tasks for ever.
            ends.set()
            await asyncio.wait([operator], timeout=LAST_WORDS)

    async def _kopf(self, wired: wiring.Wired, ends: asyncio.Event) -> None:
        await kopf.operator(
            registry=wiring.registry(self._kinds, wired),
            settings=wiring.settings(),
            clusterwide=not self._settings.namespaces,
            namespaces=self._settings.namespaces,
            stop_flag=ends,
        )

    async def _pass(self, kind: Kind, ref: Ref, failures: int) -> Outcome:
        outcome = await one_pass(kind, ref, self._world, failures=failures)
        if outcome.error:
            log.warning("%s: %s: %s", ref, outcome.result, outcome.error)
        return outcome

    async def _beat(self) -> None:
        while True:
            self._pulse.beat = time.monotonic()
            await asyncio.sleep(1)


def _watched(kinds: Iterable[Kind]) -> list[ApiResource]:
    touched = (touch.resource for kind in kinds for touch in kind.touches if touch.watched)
    return list(dict.fromkeys(touched))


async def _own_are_served(api: Api, kinds: Sequence[Kind]) -> None:
    # kopf looks for them once, at its start, and never hears of what was not there then.
    own = [kind.resource for kind in kinds]
    there = await present(api, own)
    if lacking := [f"{one.plural} ({one.api_version})" for one in own if one not in there]:
        raise Transient(f"it does not serve {', '.join(lacking)} yet. Toprope's CRDs bring them: kubectl apply -f crds")


async def _absent(api: Api, kinds: Iterable[Kind]) -> set[ApiResource]:
    optional = {touch.resource for kind in kinds for touch in kind.touches if touch.optional and touch.watched}
    absent = optional - await present(api, optional)
    for resource in absent:
        log.info("the cluster has no %s (%s) yet", resource.plural, resource.api_version)
    return absent


async def _say_when_one_appears(api: Api, absent: set[ApiResource], every: float) -> None:
    resource = await appeared(api, absent, every) if absent else await asyncio.Future()
    log.info("the cluster has %s (%s) now: starting again to watch them", resource.plural, resource.api_version)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` gives, however long the API server takes to be there."""
    while True:
        try:
            return await ask()
        except TopropeError as error:
            log.warning("waiting for the API server: %s", error)
            await asyncio.sleep(2)


async def _first(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Returns when one of them is over; raises what it raised."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
