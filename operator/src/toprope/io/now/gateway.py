"""What all processes of a gateway have counted, as of this second.

They are found by name: each address behind it is a process with counters of its own, so a gateway of several pods needs
a headless Service. A single address that leads to now this, now that process would count backwards.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from yarl import URL

from toprope.io.now.pages import NoAnswer, OtherAnswer, Pages
from toprope.slo.gateway import GatewayPage, NoGatewayPage, read
from toprope.slo.now import Count

LARGEST = 16 * 1024 * 1024
"""Bytes of a page: some 20 KB, and 60 KB more for each hundred busy backends."""
PATIENCE = 0.8

log = logging.getLogger(__name__)


class CountsBackends(Protocol):
    """What trials need of a gateway."""

    def is_seen(self) -> bool:
        """Whether it could be read at the last look."""
        ...

    def knows(self, namespace: str, route: str) -> bool:
        """Whether it has ever sent anybody anything by this route."""
        ...

    def grown(self, namespace: str, route: str, service: str) -> Count:
        """What the route sent to a Service between the look before and the last one."""
        ...


@dataclass(frozen=True, slots=True)
class _Process:
    """Its last two pages."""

    before: GatewayPage | None
    page: GatewayPage
    is_new: bool = True
    """Whether the page is of the last look."""

    def grown(self, namespace: str, route: str, service: str) -> Count:
        if not self.is_new or self.before is None:
            # A first page only says where counting begins.
            return Count()
        return self.page.grown(self.before, namespace, route, service)


Resolve = Callable[[URL], Awaitable[Sequence[tuple[Any, ...]]]]
"""What `getaddrinfo` says of a URL."""


async def _resolved(url: URL) -> Sequence[tuple[Any, ...]]:
    return await asyncio.get_running_loop().getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)


class Gateway:
    """Looks at one gateway."""

    def __init__(self, pages: Pages, url: str, resolve: Resolve = _resolved) -> None:
        self._pages = pages
        self._url = URL(url)
        self._resolve = resolve
        self._resolving: asyncio.Future[Sequence[tuple[Any, ...]]] | None = None
        self._processes: Mapping[str, _Process] = {}
        self._known: set[tuple[str, str]] = set()
        self._why = ""

    def is_seen(self) -> bool:
        """Whether it could be read at the last look."""
        return any(process.is_new for process in self._processes.values())

    def knows(self, namespace: str, route: str) -> bool:
        """Whether it has ever sent anybody anything by this route: a process that began anew has forgotten."""
        place = (namespace, route)
        if place not in self._known and any(one.page.knows(*place) for one in self._processes.values()):
            self._known.add(place)
        return place in self._known

    def grown(self, namespace: str, route: str, service: str) -> Count:
        """What the route sent to a Service between the look before and the last one."""
        return sum((one.grown(namespace, route, service) for one in self._processes.values()), Count())

    async def look(self) -> None:
        """One look at all its processes."""
        addresses = await self._addresses()
        answers = await asyncio.gather(*(self._page(address) for address in addresses))
        before = self._processes
        self._processes = {
            address: moved
            for address, page in zip(addresses, answers, strict=True)
            if (moved := _moved(before.get(address), page))
        }
        if self.is_seen():
            self._say("")

    def rest(self) -> None:
        """Nobody looks for a while: what is counted meanwhile is nobody's."""
        self._processes = {}
        self._known.clear()

    async def _addresses(self) -> Sequence[str]:
        # One at a time: who asks for names in threads would run out of them while nobody answers.
        self._resolving = self._resolving or asyncio.ensure_future(self._resolve(self._url))
        done, _ = await asyncio.wait([self._resolving], timeout=PATIENCE)
        if not done:
            return list(self._processes)
        resolved, self._resolving = self._resolving, None
        try:
            found = resolved.result()
        except OSError as error:
            self._say(f"nobody knows where it is: {type(error).__name__}")
            return list(self._processes)
        # A pod with addresses of both families is still one process.
        return list(dict.fromkeys(str(one[4][0]) for one in found if one[0] == found[0][0]))

    async def _page(self, address: str) -> GatewayPage | None:
        try:
            return read(await self._pages.get(self._url.with_host(address), self._url.host))
        except (NoAnswer, OtherAnswer, NoGatewayPage) as error:
            self._say(str(error))
            return None

    def _say(self, why: str) -> None:
        """Once, when it changes."""
        if why != self._why:
            self._why = why
            told = f"cannot be read, and pods count: {why}" if why else "is read"
            log.log(logging.WARNING if why else logging.INFO, "the gateway at %s %s", self._url.host, told)


def _moved(process: _Process | None, page: GatewayPage | None) -> _Process | None:
    if page is None:
        return process and _Process(process.before, process.page, is_new=False)
    return _Process(process.page if process else None, page)


class NoGateway:
    """Of an operator that knows of no gateway's page."""

    def is_seen(self) -> bool:
        """Never."""
        return False

    def knows(self, namespace: str, route: str) -> bool:
        """Nothing."""
        return False

    def grown(self, namespace: str, route: str, service: str) -> Count:
        """Nothing."""
        return Count()

    async def look(self) -> None:
        """There is nothing to look at."""

    def rest(self) -> None:
        """There is nothing to forget."""
