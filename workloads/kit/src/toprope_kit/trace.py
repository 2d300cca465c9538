"""Which request is running, and its trace.

A trace id is read from the request's `traceparent`, or made, only when somebody asks for it: a log line, an error
body. Spans exist only when `OTEL_EXPORTER_OTLP_ENDPOINT` is set; without it `span` costs a dictionary look-up and
OpenTelemetry is not even imported.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from toprope_kit.requests import Request

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.trace import Tracer

CURRENT: ContextVar[Request | None] = ContextVar("toprope_request", default=None)
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

FASTAPI_OFF: "TelemetryConfig" = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
}  # fmt: skip
"""For `FastAPI(telemetry=...)`: the kit counts and traces; FastAPI's own spans would carry client addresses."""

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class _Tracing:
    tracer: "Tracer | None" = None


def tracer() -> "Tracer | None":
    """The tracer, or None when no endpoint was set."""
    return _Tracing.tracer


def configure(service: str) -> None:
    """Send spans to the endpoint in the environment; does nothing without one."""
    if not os.environ.get(ENDPOINT):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  (half a second)
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=5)))
    _Tracing.tracer = provider.get_tracer("toprope_kit")


def trace_id() -> str:
    """The running request's trace id, 32 hexadecimal digits; `""` outside a request."""
    request = CURRENT.get()
    return "" if request is None else request_trace_id(request)


def request_trace_id(request: Request) -> str:
    """A request's trace id: its span's, its caller's, or one made now and kept."""
    if request.trace is None:
        request.trace = traceparent(request.headers) or os.urandom(16).hex()
    return request.trace


def traceparent(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The trace id of a well-formed `traceparent` header."""
    for name, value in headers:
        if name == b"traceparent" and (found := _TRACEPARENT.fullmatch(value)) and found[1].strip(b"0"):
            return found[1].decode()
    return None


@contextlib.contextmanager
def span(name: str, **attributes: str | int | float | bool) -> Iterator[None]:
    """Time a piece of work as a child of the running request's span. Attributes must not name people."""
    if _Tracing.tracer is None:
        yield
        return
    with _Tracing.tracer.start_as_current_span(name, attributes=attributes, record_exception=False):
        yield
