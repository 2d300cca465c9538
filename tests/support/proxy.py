"""A plain-HTTP proxy before an API server, that does harm on request: slow answers, wrong codes, cut connections.

It runs on a thread and loop of its own, so that a test may also watch the operator's process die at a chosen write.
"""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from toprope.io.credentials import Connection

WRITES = ("POST", "PUT", "PATCH", "DELETE")
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "keep-alive"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What the proxy does to requests while it is in force."""

    delay: float = 0.0
    """Seconds before the request goes on."""
    code: int = 0
    """Answer this instead of asking the API server."""
    retry_after: int = 0
    """With `code`: the Retry-After header."""
    cut: bool = False
    """Close the connection instead of answering."""
    lost: bool = False
    """Close it after the API server has answered: what was asked is done, and nobody hears of it."""
    ends_watches: bool = False
    """Close those of watches too that run when it begins; else they are left alone."""
    writes_only: bool = False
    """Leave reads and watches alone."""
    path: str = ""
    """Leave alone what has no such part."""

    def hits(self, request: web.Request) -> bool:
        """Whether it applies to a request that comes now."""
        return self.path in request.path and (request.method in WRITES if self.writes_only else True)


FAULTS = {
    "slow": Fault(delay=2.0),
    "conflicts": Fault(code=409, writes_only=True),
    "throttled": Fault(code=429, retry_after=1),
    "broken": Fault(code=500),
    "cut": Fault(cut=True, ends_watches=True),
    "unanswered": Fault(lost=True, writes_only=True),
}
"""What an API server may do to every operator, by name."""


NONE = Fault()
Wrote = Callable[[bytes], None]
"""Hears the API server's answer to each write that it did."""
Seen = Callable[[int, bool], None]
"""Told of each write: its number (from 1), and whether it was answered yet. Called before and after forwarding."""


class Proxy:
    """A running proxy; `fault` may be changed at any time, from any thread."""

    def __init__(self, upstream: Connection, seen: Seen | None = None, wrote: Wrote = lambda answer: None) -> None:
        self._fault = NONE
        self._more: Mapping[str, Fault] = {}
        self.hits: Counter[str] = Counter()
        """How often each fault that names a path did harm."""
        self.requests = 0
        self.writes = 0
        self.answers: Counter[int] = Counter()
        """How often the API server itself answered with each code."""
        self.url = ""
        self._gap = ""
        self._watches: list[web.Request] = []
        self._upstream = upstream
        self._seen = seen or (lambda number, answered: None)
        self._wrote = wrote

    @property
    def fault(self) -> Fault:
        """What is in force."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        self._fault = fault
        if fault.ends_watches:
            self._loop.call_soon_threadsafe(self._cut_watches, "")

    def harm(self, fault: Fault) -> None:
        """This too, as long as `heal` does not end it."""
        self._more = {**self._more, fault.path: fault}

    def heal(self, path: str) -> None:
        """Ends it."""
        self._more = {key: one for key, one in self._more.items() if key != path}

    def _fault_of(self, request: web.Request) -> Fault:
        return next((one for one in (self.fault, *self._more.values()) if one is not NONE and one.hits(request)), NONE)

    async def serve(self, up: threading.Event) -> None:
        """Until `close`."""
        self._loop, self._down = asyncio.get_running_loop(), asyncio.Event()
        connector = aiohttp.TCPConnector(limit=0, ssl=self._upstream.tls())
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as self._session:
            app = web.Application(client_max_size=16 * 2**20)
            app.router.add_route("*", "/{path:.*}", self._forward)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            up.set()
            await self._down.wait()
            await runner.cleanup()

    def close(self) -> None:
        """Ends `serve`; from any thread."""
        self._loop.call_soon_threadsafe(self._down.set)

    @contextmanager
    def gap(self, path: str) -> Iterator[None]:
        """Watches of paths that contain this are behind for good (410 Gone), and lists wait until it is over."""
        self._gap = path
        self._loop.call_soon_threadsafe(self._cut_watches, path)
        try:
            yield
        finally:
            self._gap = ""

    def _cut_watches(self, path: str) -> None:
        for request in self._watches:
            if path in request.path and request.transport:
                request.transport.abort()

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        watches = "watch" in request.query
        if answer := await self._in_gap(request, watches):
            return answer
        if not watches:
            return await self._outside(request)
        self._watches.append(request)
        try:
            return await self._outside(request)
        finally:
            # By identity: requests are mappings, and equal ones are not the same.
            self._watches = [one for one in self._watches if one is not request]

    async def _in_gap(self, request: web.Request, watches: bool) -> web.StreamResponse | None:
        if not self._gap or self._gap not in request.path:
            return None
        if watches:
            line = json.dumps({"type": "ERROR", "object": _status(410)}) + "\n"
            return web.Response(text=line, content_type="application/json")
        while self._gap:  # noqa: ASYNC110 - another thread ends it
            await asyncio.sleep(0.02)
        return None

    async def _outside(self, request: web.Request) -> web.StreamResponse:
        number = self._numbered(request)
        if (fault := self._fault_of(request)) is not NONE:
            self.hits[fault.path] += 1
            if harmed := await _harmed(request, fault):
                return harmed
        if number:
            self._seen(number, False)
        return await self._answered(request, number)

    def _numbered(self, request: web.Request) -> int:
        if request.method not in WRITES:
            return 0
        self.writes += 1
        return self.writes

    async def _answered(self, request: web.Request, number: int) -> web.StreamResponse:
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP_BY_HOP}
        url = self._upstream.server + request.raw_path
        body = await request.read() or None
        try:
            async with self._session.request(request.method, _exact(url), data=body, headers=headers) as answer:
                self.answers[answer.status] += 1
                if number:
                    await self._has_written(answer, number)
                if self._fault_of(request).lost:
                    await answer.read()
                    return _hung_up(request)
                return await _copied(request, answer, whole=bool(number))
        except aiohttp.ClientError:
            return _hung_up(request)

    async def _has_written(self, answer: aiohttp.ClientResponse, number: int) -> None:
        if answer.ok:
            self._wrote(await answer.read())
        self._seen(number, True)


async def _harmed(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    await asyncio.sleep(fault.delay)
    if fault.code:
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
        return web.json_response(_status(fault.code), status=fault.code, headers=headers)
    return _hung_up(request) if fault.cut else None


def _hung_up(request: web.Request) -> web.StreamResponse:
    if request.transport:
        request.transport.abort()
    return web.Response(status=502)


def _exact(url: str) -> URL:
    return URL(url, encoded=True)


async def _copied(request: web.Request, answer: aiohttp.ClientResponse, *, whole: bool) -> web.StreamResponse:
    headers = {key: value for key, value in answer.headers.items() if key.lower() not in _HOP_BY_HOP}
    copy = web.StreamResponse(status=answer.status, headers=headers)
    await copy.prepare(request)
    if whole:
        await copy.write(await answer.read())
    async for chunk in answer.content.iter_any():
        await copy.write(chunk)
    await copy.write_eof()
    return copy


def _status(code: int) -> dict[str, Any]:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": "a fault of the test"}


@contextmanager
def a_proxy(upstream: Connection, seen: Seen | None = None, wrote: Wrote = lambda answer: None) -> Iterator[Proxy]:
    """A proxy on a thread of its own."""
    proxy, up = Proxy(upstream, seen, wrote), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(proxy.serve(up)), daemon=True)
    thread.start()
    if not up.wait(10):
        raise TimeoutError("the proxy did not start")
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(10)
