"""One HTTP client for Prometheus: queries, and what it says of its rules and its retention.

It retries nothing, and believes nothing that does not look like an answer: what it cannot read is `Unseen`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import orjson

from toprope.core.errors import Transient
from toprope.io.credentials import Connection

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that an answer may take."""
LARGEST = 64 * 1024 * 1024
"""Bytes of an answer; 500 resources with three SLOs make some 10 MB in all."""


class Unseen(Transient):
    """Prometheus does not answer, or what it answers is none. The ledger knows what to make of it; a pass never
    meets it."""


class TooMuch(Unseen):
    """It takes too long, or too much memory, to answer. A shorter range may be answered."""


@dataclass(frozen=True, slots=True)
class Series:
    """The newest sample of one series."""

    labels: Mapping[str, str]
    value: float
    at: float
    """Seconds since 1970, by Prometheus' clock."""


@dataclass(frozen=True, slots=True)
class RangeSeries:
    """The samples of one series."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]
    """Seconds since 1970, and the value; nothing where there was none."""


def reached(url: str, token_file: Path | None = None, authority_file: Path | None = None) -> Connection:
    """The way to a Prometheus."""
    authority = authority_file.read_text() if authority_file else None
    return Connection(url.rstrip("/"), authority=authority, token_file=token_file)


class Prometheus:
    """Asks one Prometheus. Use as `async with`. Every call raises Unseen where there is no answer."""

    def __init__(self, connection: Connection, patience: float = PATIENCE) -> None:
        self._connection = connection
        self._patience = aiohttp.ClientTimeout(total=patience, sock_connect=5)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=4, ssl=self._connection.tls())
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()
            await asyncio.sleep(0.01)  # transports end in the loop's next turns

    async def clock(self) -> float:
        """What time it is there."""
        return _read(lambda data: float(data["result"][1]), await self._query("time()"))

    async def newest(self, selector: str, at: float) -> list[Series]:
        """The newest sample of each series of a range selector (`up[90s]`), as of the time `at`."""
        return _read(_newest, await self._query(selector, at))

    async def values(self, expression: str, at: float) -> list[Series]:
        """What an expression comes to at the time `at`."""
        return _read(_values, await self._query(expression, at))

    async def ranged(self, expression: str, start: float, end: float, step: float) -> list[RangeSeries]:
        """What an expression came to, from `start` to `end` every `step` seconds."""
        span = [("start", f"{start:.3f}"), ("end", f"{end:.3f}"), ("step", f"{step:.3f}")]
        return _read(_ranged, await self._data("POST", "query_range", [("query", expression), *span]))

    async def groups(self, names: Sequence[str]) -> dict[str, str | None]:
        """The rule groups that are loaded, each with which of its rules cannot be evaluated, and why; at least those of
        `names` that there are (Prometheus before 2.46 tells all)."""
        fields = [*(("rule_group[]", name) for name in names), ("exclude_alerts", "true")]
        return _read(_groups, await self._data("GET", "rules", fields))

    async def retention(self) -> str:
        """How long samples are kept, as Prometheus writes it: `15d`, `30d or 10GiB`."""
        return _read(lambda data: str(data["storageRetention"]), await self._data("GET", "status/runtimeinfo", []))

    async def _query(self, expression: str, at: float | None = None) -> Any:
        fields = [("query", expression), *([("time", f"{at:.3f}")] if at is not None else [])]
        return await self._data("POST", "query", fields)

    async def _data(self, verb: str, path: str, fields: Sequence[tuple[str, str]]) -> Any:
        status, body = await self._answer(verb, path, fields)
        try:
            answer = orjson.loads(body)
            if status == 200 and answer["status"] == "success":
                return answer["data"]
            kind, said = answer["errorType"], f"{answer['errorType']}: {answer['error']}"
        except (orjson.JSONDecodeError, LookupError, TypeError) as error:
            raise Unseen(f"{self._connection.server} answers {status} with what is no answer of Prometheus.") from error
        is_too_much = kind == "timeout" or "too many samples" in said
        raise (TooMuch if is_too_much else Unseen)(f"Prometheus answers {status}, {said[:300]}")

    async def _answer(self, verb: str, path: str, fields: Sequence[tuple[str, str]]) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("Prometheus is used outside its `async with`.")
        try:
            async with self._session.request(
                verb,
                f"{self._connection.server}/api/v1/{path}",
                params=fields if verb == "GET" else None,
                data=fields if verb == "POST" else None,
                headers=self._headers(),
                timeout=self._patience,
                allow_redirects=False,  # the token is for nobody else
            ) as answer:
                return answer.status, await _whole(answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            named = f"{type(error).__name__}: {error}".removesuffix(": ")
            # aiohttp's own time-outs are of connections that do not come about.
            is_slow = isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError)
            raise (TooMuch if is_slow else Unseen)(f"{self._connection.server} did not answer: {named}") from error

    def _headers(self) -> dict[str, str]:
        bearer = self._connection.bearer()
        return {"Authorization": f"Bearer {bearer}"} if bearer else {}


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise Unseen(f"Prometheus' answer is larger than {LARGEST >> 20} MiB.")
    return bytes(body)


def _read(reading: Callable[[Any], T], data: Any) -> T:
    try:
        return reading(data)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Unseen(f"Prometheus answers in a shape of its own: {type(error).__name__}.") from error


def _newest(data: Any) -> list[Series]:
    if data["resultType"] != "matrix":
        raise ValueError(data["resultType"])
    return [
        Series(one["metric"], float(last[1]), float(last[0])) for one in data["result"] for last in (one["values"][-1],)
    ]


def _values(data: Any) -> list[Series]:
    if data["resultType"] != "vector":
        raise ValueError(data["resultType"])
    return [Series(one["metric"], float(one["value"][1]), float(one["value"][0])) for one in data["result"]]


def _ranged(data: Any) -> list[RangeSeries]:
    if data["resultType"] != "matrix":
        raise ValueError(data["resultType"])
    return [
        RangeSeries(one["metric"], [(float(at), float(text)) for at, text in one["values"]]) for one in data["result"]
    ]


def _groups(data: Any) -> dict[str, str | None]:
    failing = (
        (group["name"], [f"{rule['name']}: {rule['lastError']}" for rule in group["rules"] if rule.get("lastError")])
        for group in data["groups"]
    )
    return {name: next(iter(errors), None) for name, errors in failing}
