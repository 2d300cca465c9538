"""Requests to a resource through its gateway, as a user makes them."""

import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

SECONDS = 5.0
"""One request's time-out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    """HTTP status; 0 when nothing answered."""
    location: str
    """Where a redirect points to; empty when it is none."""
    body: Any
    """Decoded JSON; None when it is none."""
    text: str
    """The body, or what went wrong, for a message."""

    @property
    def passing(self) -> bool:
        """Whether the next try may go better: the gateway or the service was not there."""
        return self.status in (0, 429, 502, 503, 504) or (self.status == 404 and self.body is None)


class Gateway:
    """One gateway and one host name on it. Use as `async with`."""

    def __init__(self, url: str, host: str | None) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Host": host} if host else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout, headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def ask(self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """The answer, redirects not followed; never raises for what the network did."""
        if self._session is None:
            raise RuntimeError("Gateway is used outside its `async with`.")
        try:
            async with self._session.request(
                method, self.url + path, json=body, headers=headers, allow_redirects=False
            ) as reply:
                text = await reply.text()
                return Answer(reply.status, reply.headers.get("Location", ""), _decoded(text), text)
        except (aiohttp.ClientError, TimeoutError) as failure:
            return Answer(0, "", None, f"{type(failure).__name__}: {failure}".removesuffix(": "))


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None
