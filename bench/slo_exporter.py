"""The counters of any number of resources as one program: `python -m bench.slo_exporter PORT`, then `/?name=r12`.

Sixty requests a second each. The share of bad ones, and of slow ones, grows by 0.02 % a minute, from the beginning on:
no two evaluations of a rule come to the same number, and no alert fires within the hour.
"""

import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

BORN = time.time()
PER_SECOND = 60.0
GROWTH = 0.0002 / 60
"""By which the share of bad requests grows each second."""


def page(name: str, age: float) -> str:
    """The counters of one resource; fractions of requests, or evaluations would be equal by rounding."""
    total = 1e6 + PER_SECOND * age
    bad = PER_SECOND * age * (GROWTH * age / 2 + zlib.crc32(name.encode()) % 100 * 1e-6)
    lines = [
        _requests("count", total - bad, http_response_status_code="200"),
        _requests("count", bad, http_response_status_code="500"),
        _requests("bucket", total - 2 * bad, http_response_status_code="200", le="0.05"),
        _requests("bucket", total - bad, http_response_status_code="200", le="+Inf"),
        f'jobs_total{{app="{name}",result="done"}} {total - bad:.6f}',
        f'jobs_total{{app="{name}",result="failed"}} {bad:.6f}',
    ]
    return "\n".join([*lines, ""])


def _requests(what: str, value: float, **labels: str) -> str:
    told = ",".join(f'{label}="{text}"' for label, text in {"http_route": "/{slug}", **labels}.items())
    return f"http_server_request_duration_seconds_{what}{{{told}}} {value:.6f}"


class Exporter(BaseHTTPRequestHandler):
    """Answers every path."""

    def do_GET(self) -> None:
        """The page of the resource that is asked for."""
        name = parse_qs(urlparse(self.path).query)["name"][0]
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(page(name, time.time() - BORN).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Exporter).serve_forever()
