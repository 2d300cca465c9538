"""An Alertmanager that notifies nobody: it writes down what a Prometheus tells it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True, slots=True)
class Told:
    """One alert, as it was told once."""

    labels: Mapping[str, str]
    over: bool
    """Whether it has ended; else it fires."""


class PaperAlertmanager(ThreadingHTTPServer):
    """Listens at `place`, on a port of its own."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.told: list[Told] = []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def about(self, **labels: str) -> list[Told]:
        """What it was told of alerts with these labels, oldest first."""
        return [one for one in list(self.told) if labels.items() <= one.labels.items()]


class _Answer(BaseHTTPRequestHandler):
    server: PaperAlertmanager

    def do_POST(self) -> None:
        now = datetime.now(UTC)
        for alert in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            self.server.told.append(Told(alert["labels"], datetime.fromisoformat(alert["endsAt"]) <= now))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


@contextmanager
def an_alertmanager() -> Iterator[PaperAlertmanager]:
    with PaperAlertmanager() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
