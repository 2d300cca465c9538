"""One HTTP client for pages of counters: quick, small, and never led elsewhere."""

import asyncio
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from toprope.io.once import BrokenOff, once

AT_ONCE = 48
"""Pages that are asked for at a time."""
# Packed pages would have to be unpacked before their size is known.
_HEADERS = {"Accept": "application/json, text/plain", "Accept-Encoding": "identity"}


class NoAnswer(Exception):
    """Nobody answers there: refused, cut, or too late."""


class OtherAnswer(Exception):
    """Somebody answers, and it is no page: another status, a redirection, too large."""


class Pages:
    """Asks for pages. Use as `async with`."""

    def __init__(self, patience: float, largest: int) -> None:
        """Seconds that an answer may take once it is asked for, and its bytes at most."""
        self._patience = aiohttp.ClientTimeout(total=patience)
        self._largest = largest
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # The slots bound it: who waits for a connection must not lose the time in which to answer.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            middlewares=(once,),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()
            await asyncio.sleep(0.01)  # transports end in the loop's next turns

    async def get(self, url: URL, host: str | None = None) -> bytes:
        """The page; NoAnswer or OtherAnswer where there is none. `host` is its name where the URL has an address."""
        if self._session is None:
            raise RuntimeError("Pages is used outside its `async with`.")
        named = {"Host": host} if host else {}
        async with self._slots:
            try:
                async with self._session.get(
                    url,
                    headers=named,
                    timeout=self._patience,
                    allow_redirects=False,
                    server_hostname=host if url.scheme == "https" else None,
                ) as answer:
                    return await self._page(answer)
            except aiohttp.ClientResponseError as error:
                raise OtherAnswer(f"what it answers is no HTTP ({error.message[:100]})") from error
            except BrokenOff as error:
                raise NoAnswer("it does not answer: it broke off") from error
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise NoAnswer(f"it does not answer: {_named(error)}") from error

    async def _page(self, answer: aiohttp.ClientResponse) -> bytes:
        if answer.status != 200:
            raise OtherAnswer(f"it answers {answer.status}")
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > self._largest:
                answer.close()
                raise OtherAnswer(f"its page is larger than {self._largest >> 10} KiB")
        return bytes(body)


def _named(error: Exception) -> str:
    # aiohttp's own texts may carry the whole address; the name says enough.
    return "too late" if isinstance(error, TimeoutError) else type(error).__name__
