"""What a service's factory gets: the door to everything that the kit does around it."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from toprope_kit.asgi import ASGIApp
from toprope_kit.lifespan import Drain, Lifespan
from toprope_kit.memory import Memory, Slot
from toprope_kit.readiness import Readiness
from toprope_kit.requests import Ledger
from toprope_kit.service import Service
from toprope_kit.telemetry import AccessLog, Telemetry

logger = logging.getLogger(__name__)


class Worker:
    """One worker process, as its service sees it."""

    drain_seconds = 8.0
    """Time for all drains together."""

    def __init__(self, service: Service, slot: Slot, index: int = 0, access_log: AccessLog = "errors") -> None:
        self.service = service
        self.index = index
        """0 … WORKERS - 1; a restarted worker has its predecessor's."""
        self.numbers = slot
        """`numbers.cell(COUNTER).add(n)`, `numbers.cell(GAUGE).set(value)`."""
        self.readiness = Readiness()
        self.draining = False
        """True from SIGTERM on."""
        self.failed = asyncio.Event()
        """Set when a task of its own ended by itself: the worker drains and goes, its supervisor starts another."""
        self.drains: list[Drain] = []
        self._access_log = access_log
        self._ledger = Ledger(slot, time.monotonic)

    @classmethod
    def local(cls, service: Service) -> "Worker":
        """A worker without processes, for tests of a service through an ASGI transport."""
        return cls(service, Memory(service, 1).slots[0])

    def on_drain(self, drain: Drain) -> None:
        """Await this after the last request has been answered, in the order of adding; the grace time bounds it."""
        self.drains.append(drain)

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """A task that runs until it is cancelled; without it the worker would go on as if all were well."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled():
            return
        name = task.get_coro().__qualname__  # type: ignore[union-attr]
        logger.error("%s ended by itself; the worker goes, too", name, exc_info=task.exception())
        self.failed.set()

    def wrap(self, app: ASGIApp) -> Telemetry:
        """The service's app with the telemetry around it; the server does this by itself."""
        lifespan = Lifespan(app, self.drains, self.drain_seconds)
        return Telemetry(app, lifespan, self._ledger, self._access_log)
