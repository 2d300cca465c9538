"""Keeps the last alerts that Alertmanager sent, for whoever wants to read them.

POST /alerts   a notification, as Alertmanager's webhook sends it
GET /alerts    the last 1,000 alerts of all notifications, oldest first, each with `receivedAt`
GET /healthz   ok
"""

import json
from collections import deque
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEPT = 1000
PORT = 8080


class Receiver(ThreadingHTTPServer):
    """Listens at once; `serve_forever` answers."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Answer)
        self.alerts: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def keep(self, notification: dict[str, Any]) -> None:
        """One entry for each alert of a notification."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.alerts.extend({**alert, "receivedAt": now} for alert in notification["alerts"])


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Receiver

    def do_GET(self) -> None:
        """What was received."""
        found = {"/alerts": list(self.server.alerts), "/healthz": "ok"}
        self.reply(200 if self.path in found else 404, found.get(self.path))

    def do_POST(self) -> None:
        """A notification."""
        if self.path != "/alerts":
            return self.reply(404)
        try:
            self.server.keep(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        except (ValueError, TypeError, KeyError) as error:
            return self.reply(400, f"no notification of Alertmanager: {error!r}")
        return self.reply(200)

    def reply(self, status: int, answer: object = None) -> None:
        """JSON."""
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: probes ask all the time."""


if __name__ == "__main__":
    Receiver(("", PORT)).serve_forever()
