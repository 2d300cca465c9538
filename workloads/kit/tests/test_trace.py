"""Spans as a collector gets them, over OTLP; and nothing at all without one."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from toprope_kit.trace import traceparent
from workloads.kit.tests.programs import PYTHONPATH, get, ready
from workloads.kit.tests.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Collector(ThreadingHTTPServer):
    """Keeps the bodies that are posted to it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Received)

    def spans(self) -> list[tuple[str, str, dict[str, object]]]:
        """Name, trace id and attributes of every span so far."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        spans = [
            s for r in requests for resource in r.resource_spans for scope in resource.scope_spans for s in scope.spans
        ]
        return [(s.name, s.trace_id.hex(), {a.key: a.value.string_value for a in s.attributes}) for s in spans]


class Received(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """The test's output is not the place."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.integration
def test_a_request_is_one_span_of_its_callers_trace_without_its_client(collector: Collector) -> None:
    endpoint = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with ready(**endpoint) as service:
        get(service.url("/abc?q=hunter2"), headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
        ((name, trace_id, attributes),) = until(collector.spans)
    assert (name, trace_id) == ("GET /{slug}", TRACE)
    assert set(attributes) == {"http.request.method", "http.route", "http.response.status_code"}


def test_without_an_endpoint_the_exporter_is_not_even_imported() -> None:
    code = (
        "import sys; from toprope_kit import trace; trace.configure('demo');"
        "assert trace.tracer() is None; assert 'opentelemetry.sdk' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": PYTHONPATH}, check=True, timeout=30)


@pytest.mark.parametrize(
    ("sentence", "value", "expected"),
    [
        ("a well-formed one is followed", f"00-{TRACE}-00f067aa0ba902b7-01".encode(), TRACE),
        ("an all-zero trace is none", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", None),
        ("anything else is ignored", b"hunter2", None),
    ],
)
def test_traceparent(sentence: str, value: bytes, expected: str | None) -> None:
    assert traceparent([(b"host", b"x"), (b"traceparent", value)]) == expected, sentence
