"""The ops port: `/healthz`, `/readyz`, `/metrics` and `/sli`, answered by the supervisor for all workers.

healthz   503 when a worker's event loop stands still: the kubelet's liveness probe
readyz    503 until every worker is ready, and from SIGTERM on
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from toprope_kit import metrics, sli
from toprope_kit.asgi import Receive, Scope, Send
from toprope_kit.memory import Slot
from toprope_kit.metrics import Health
from toprope_kit.readiness import Finding
from toprope_kit.service import Service

JSON = "application/json"


@dataclass(frozen=True)
class WorkerState:
    """One worker as the supervisor sees it now; ages are in seconds."""

    index: int
    pid: int
    phase: str
    heartbeat_age: float
    stuck: bool
    ready: bool
    findings: Sequence[Finding]
    restarts: int


class Standing(Protocol):
    """What the ops port needs to know of the processes."""

    @property
    def draining(self) -> bool:
        """SIGTERM has come."""

    def workers(self) -> Sequence[WorkerState]:
        """All workers, by index."""

    def health(self) -> Health:
        """What `/metrics` shows beside the counters."""


def is_ready(standing: Standing) -> bool:
    """Whether requests may be sent here."""
    return not standing.draining and all(worker.ready for worker in standing.workers())


@dataclass(frozen=True)
class Answer:
    """One response."""

    status: int
    body: bytes
    content_type: str = JSON


class Ops:
    """The ASGI app of the ops port."""

    def __init__(self, service: Service, slots: Sequence[Slot], standing: Standing) -> None:
        self._service = service
        self._slots = slots
        self._standing = standing
        self._boot = round(time.time(), 3)
        self._pages: Mapping[str, Callable[[], Answer]] = {
            "/healthz": self.healthz, "/readyz": self.readyz, "/metrics": self.metrics, "/sli": self.sli,
        }  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET; anything else is 404."""
        if scope["type"] != "http":
            return
        page = self._pages.get(scope["path"], _unknown)
        answer = page()
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def healthz(self) -> Answer:
        """Alive: every worker's event loop moves."""
        workers = self._standing.workers()
        alive = not any(worker.stuck for worker in workers)
        return _json(200 if alive else 503, {"alive": alive, "workers": [_told(worker) for worker in workers]})

    def readyz(self) -> Answer:
        """Ready: every worker serves, its checks hold, and nobody asked us to leave."""
        ready, workers = is_ready(self._standing), self._standing.workers()
        body = {"ready": ready, "draining": self._standing.draining, "workers": [_told(worker) for worker in workers]}
        return _json(200 if ready else 503, body)

    def metrics(self) -> Answer:
        """The Prometheus page."""
        text = metrics.page(self._service, self._slots, self._standing.health(), time.monotonic())
        return Answer(200, text.encode(), metrics.CONTENT_TYPE)

    def sli(self) -> Answer:
        """The counters for the operator; `boot` changes when they begin anew."""
        health = self._standing.health()
        head = {"boot": self._boot, "at": round(time.time(), 3), "restarts": sum(health.restarts.values())}
        return _json(200, head | sli.page(self._service, self._slots, time.monotonic()))


def _told(worker: WorkerState) -> dict[str, Any]:
    return {
        "index": worker.index,
        "pid": worker.pid,
        "phase": worker.phase,
        "stuck": worker.stuck,
        "ready": worker.ready,
        "heartbeatAge": round(worker.heartbeat_age, 3),
        "restarts": worker.restarts,
        "checks": {finding.name: finding.error or "ok" for finding in worker.findings},
    }


def _json(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, orjson.dumps(body))


def _unknown() -> Answer:
    return _json(404, {"pages": ["/healthz", "/readyz", "/metrics", "/sli"]})
