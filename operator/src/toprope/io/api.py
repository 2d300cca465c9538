"""One HTTP client for the API server: time-outs, a bound on connections, counting, translated errors.

It retries nothing: who asked knows better when to ask again.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohappyeyeballs
import aiohttp
import orjson

from toprope.core.errors import Transient
from toprope.core.objects import Ref
from toprope.io.credentials import Connection
from toprope.io.translation import error_of

APPLY = "application/apply-patch+yaml"  # JSON is YAML
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

CALL = aiohttp.ClientTimeout(total=30, connect=10, sock_connect=5)
# A watch may be silent for as long as it likes: whether its connection lives, TCP finds out (`_kept_alive`).
WATCH = aiohttp.ClientTimeout(total=None, sock_connect=5)
SILENCE, PROBES, APART = 30, 3, 10
"""Seconds of silence after which TCP asks whether the other side lives, how often, and seconds between two of these."""
CALLS_AT_ONCE = 48

Counted = Callable[[str, str], None]
"""Told of each request: its verb, and the answer's code (`none` when there was no answer)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `ref` is what it is about, for the sentence of an error."""

    verb: str
    """HTTP method, or WATCH."""
    ref: Ref
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """JSON-like data; None sends none."""
    content_type: str = "application/json"


class Api:
    """Requests to the API server. Use as `async with`."""

    def __init__(self, connection: Connection, counted: Counted) -> None:
        self._connection = connection
        self._counted = counted
        self._session: aiohttp.ClientSession | None = None
        # Watches hold a connection each for good, so the bound is on calls, not on the connector.
        self._slots = asyncio.Semaphore(CALLS_AT_ONCE)

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=0, ssl=self._connection.tls(), keepalive_timeout=60, socket_factory=_kept_alive
        )
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()
            await asyncio.sleep(0.01)  # transports end in the loop's next turns

    async def call(self, request: Request) -> Any:
        """The decoded answer, or one of `core.errors`."""
        async with self._slots, self._answer(request, CALL) as answer:
            return orjson.loads(await answer.read())

    @asynccontextmanager
    async def lines(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        """A watch: its answer line by line, for as long as the server goes on."""
        async with self._answer(request, WATCH) as answer:
            connection = answer.connection
            try:
                yield _split(answer.content.iter_any())
            finally:
                # Left early: an orderly end of TLS would wait for the server, which has more to say.
                if connection and connection.transport and not answer.content.at_eof():
                    connection.transport.abort()

    @asynccontextmanager
    async def _answer(self, request: Request, patience: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientResponse]:
        code = "none"
        try:
            async with self._sent(request, patience) as answer:
                code = str(answer.status)
                if answer.status >= 400:
                    after = answer.headers.get("Retry-After")
                    raise error_of(answer.status, await answer.read(), request.verb, request.ref, after)
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Transient(f"The API server did not answer {request.verb} {request.ref}: {_named(error)}") from error
        finally:
            self._counted(request.verb, code)

    def _sent(self, request: Request, patience: aiohttp.ClientTimeout) -> Any:
        if self._session is None:
            raise RuntimeError("Api is used outside its `async with`.")
        return self._session.request(
            "GET" if request.verb == "WATCH" else request.verb,
            self._connection.server + request.path,
            params=request.params,
            data=None if request.body is None else orjson.dumps(request.body),
            headers=self._headers(request),
            timeout=patience,
        )

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if bearer := self._connection.bearer():
            headers["Authorization"] = f"Bearer {bearer}"
        return headers


def _kept_alive(address: aiohappyeyeballs.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, APART)
    # Keep-alive does not speak while something sent is unanswered; this does.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, (SILENCE + PROBES * APART) * 1000)
    return made


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


async def _split(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    # aiohttp's own readline has a limit of 64 KiB a line; objects may be bigger.
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line:
                yield line
