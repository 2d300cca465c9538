"""The ops port: /healthz, /readyz and /metrics, on a thread of its own: a stuck loop cannot answer for itself."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

STUCK = 20.0
"""Seconds without a turn of the event loop after which it counts as stuck."""


@dataclass(slots=True)
class Pulse:
    """What the loop's thread leaves for the probes."""

    beat: float
    """When the event loop last turned, by the monotonic clock."""
    ready: bool = False
    """Whether all watches have told their first list."""


@dataclass(frozen=True, slots=True)
class Health:
    """Judges whether the process should live and whether it works."""

    pulse: Pulse
    oldest: Callable[[], float]
    """Age in seconds of the oldest unfinished pass."""
    longest_pass: float

    def illness(self) -> str:
        """Why the process should be restarted; empty when it should not."""
        still = time.monotonic() - self.pulse.beat
        if still > STUCK:
            return f"The event loop has stood still for {still:.0f} s."
        age = self.oldest()
        if age > self.longest_pass:
            return f"A pass has been running for {age:.0f} s; {self.longest_pass:.0f} s are the limit."
        return ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], asked: type[BaseHTTPRequestHandler]) -> None:
        host, port = address
        if host == "::" and not socket.has_dualstack_ipv6():
            host = "0.0.0.0"  # noqa: S104 - the kubelet and Prometheus come from outside the pod
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), asked)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class OpsServer:
    """Serves from construction until `close`."""

    def __init__(self, address: tuple[str, int], health: Health, registry: CollectorRegistry) -> None:
        self._server = _Server(address, _asked(health, registry))
        self.port: int = self._server.server_address[1]
        """The port that was taken."""
        threading.Thread(target=self._server.serve_forever, name="ops", daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _asked(health: Health, registry: CollectorRegistry) -> type[BaseHTTPRequestHandler]:
    class Asked(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            code, kind, body = answer(self.path, health, registry)
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Probes come every few seconds: not worth a line."""

    return Asked


def answer(path: str, health: Health, registry: CollectorRegistry) -> tuple[int, str, bytes]:
    """Code, content type and body for a path of the ops port."""
    text = "text/plain; charset=utf-8"
    match path.partition("?")[0]:
        case "/healthz":
            illness = health.illness()
            return (503 if illness else 200), text, (illness or "ok").encode()
        case "/readyz":
            ready = health.pulse.ready
            return (200, text, b"ok") if ready else (503, text, b"The first lists are not in yet.")
        case "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(registry)
        case _:
            return 404, text, b"/healthz, /readyz, /metrics"
