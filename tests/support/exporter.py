"""A pod's counters as a program: `python -m tests.support.exporter PORT [BAD]`.

A hundred requests a second, ten of them slow and two, or as many as are asked for, bad; for the last thousand seconds
and on.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BORN = time.time() - 1000
BAD = int(sys.argv[2]) if len(sys.argv) > 2 else 2
GOOD = 100 - BAD
PER_SECOND = {
    ("200", "0.05"): GOOD - 10,
    ("200", "1"): GOOD,
    ("200", "+Inf"): GOOD,
    ("500", "0.05"): BAD,
    ("500", "+Inf"): BAD,
}
NAME = "http_server_request_duration_seconds"


def page() -> str:
    """The counters of this moment."""
    age = time.time() - BORN
    lines = [f"# TYPE {NAME} histogram"]
    for (code, bound), rate in PER_SECOND.items():
        labels = f'http_route="/{{slug}}",http_response_status_code="{code}"'
        lines.append(f'{NAME}_bucket{{{labels},le="{bound}"}} {int(age * rate)}')
        if bound == "+Inf":
            lines.append(f"{NAME}_count{{{labels}}} {int(age * rate)}")
    return "\n".join([*lines, ""])


class Exporter(BaseHTTPRequestHandler):
    """Answers every path."""

    def do_GET(self) -> None:
        """The page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(page().encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Exporter).serve_forever()
