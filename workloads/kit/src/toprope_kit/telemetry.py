"""The middleware around every service: counts each request, gives it a trace, and answers for what nobody caught.

It stands in the hot path of every request, so it is plain ASGI: two small objects and a dozen memory writes.
`Telemetry` is outermost; nothing a service adds can hide a request from it.
"""

import logging
from typing import TYPE_CHECKING, Literal

from toprope_kit import logs, trace
from toprope_kit.asgi import ASGIApp, Message, Receive, Scope, Send
from toprope_kit.problem import internal_error, render
from toprope_kit.requests import CLIENT_GONE, Ledger, Request

if TYPE_CHECKING:
    from opentelemetry.trace import Span

AccessLog = Literal["off", "errors", "all"]

logger = logging.getLogger("toprope.request")
REQUEST = "toprope.request"


class Telemetry:
    """An ASGI app around the service's own."""

    def __init__(self, app: ASGIApp, lifespan: ASGIApp, ledger: Ledger, access_log: AccessLog = "errors") -> None:
        self.app = app
        self.lifespan = lifespan
        self.closing = False
        """Set when the process drains: every answer then asks its client to open the next connection elsewhere."""
        self._ledger = ledger
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; everything else is for `lifespan`."""
        if scope["type"] != "http":
            await self.lifespan(scope, receive, send)
            return
        request = scope[REQUEST] = self._ledger.begin(scope)
        token = trace.CURRENT.set(request)
        answer = _Answer(self, request, send)
        if request.has_body:
            receive = self._received(request, receive)
        try:
            if trace.tracer() is None:
                await self.app(scope, receive, answer.send)
            else:
                await self._traced(scope, receive, answer)
        except Exception as error:  # noqa: BLE001  (the last resort: whatever it is, the client gets an answer)
            await self._failed(error, answer)
        finally:
            if not request.done:
                # Neither finished nor failed: the app returned in the middle of an answer, or was cancelled.
                self.count(request, 500)
            trace.CURRENT.reset(token)

    def count(self, request: Request, status: int) -> None:
        """The request is over; log it where the setting asks for that."""
        if request.done:
            return
        seconds = self._ledger.end(request, status)
        if self._access_log == "all" or (self._access_log == "errors" and status >= CLIENT_GONE):
            self._tell(request, status, seconds)

    def gone(self, request: Request) -> None:
        """The client closed its connection before the answer was complete."""
        self.count(request, CLIENT_GONE)

    def _received(self, request: Request, receive: Receive) -> Receive:
        async def heard() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                self._ledger.received(request)
            return message

        return heard

    def _tell(self, request: Request, status: int, seconds: float) -> None:
        logs.say(
            logger,
            "client gone" if status == CLIENT_GONE else "request",
            logging.WARNING if status >= CLIENT_GONE else logging.INFO,
            method=request.method,
            route=request.route(),
            status=status,
            seconds=round(seconds, 6),
            trace_id=trace.request_trace_id(request),
        )

    async def _failed(self, error: Exception, answer: "_Answer") -> None:
        logger.error("a request failed with an error that nobody expected", exc_info=error)
        if answer.status == 0:
            await render(internal_error())(answer.request.scope, _nothing, answer.send)
        else:
            # Cut in the middle: whatever status the client has read, it has not got its answer.
            self.count(answer.request, 500)
            if not answer.complete:
                raise error

    async def _traced(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        from opentelemetry import propagate  # noqa: PLC0415  (only with an endpoint)
        from opentelemetry.trace import SpanKind  # noqa: PLC0415

        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        tracer = trace.tracer()
        if tracer is None:
            return
        context = propagate.extract(carrier)
        with tracer.start_as_current_span(scope["method"], context, SpanKind.SERVER, record_exception=False) as span:
            answer.request.trace = f"{span.get_span_context().trace_id:032x}"
            try:
                await self.app(scope, receive, answer.send)
            finally:
                _describe(span, answer)


def _describe(span: "Span", answer: "_Answer") -> None:
    route = answer.request.route()
    span.update_name(f"{answer.request.method} {route}".rstrip())
    span.set_attributes({
        "http.request.method": answer.request.method, "http.route": route, "http.response.status_code": answer.status,
    })  # fmt: skip


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


class _Answer:
    """Watches one answer pass by; the request ends with its last byte, not when the app returns."""

    __slots__ = ("_send", "_telemetry", "complete", "request", "status")

    def __init__(self, telemetry: Telemetry, request: Request, send: Send) -> None:
        self._telemetry = telemetry
        self._send = send
        self.request = request
        self.status = 0
        self.complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._telemetry.closing:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await self._send(message)
            return
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.complete = True
            self._telemetry.count(self.request, self.status)
