"""Redis as a workload sees it: fast or not at all.

A cache that answers late is worse than none, so every question has a tenth of a second, and after a failure nobody asks
for a while. Whoever asks must have an answer of his own for `CacheAway`.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, SecretStr, model_validator
from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider

from toprope_kit import logs
from toprope_kit.circuit import Circuit
from toprope_kit.rotation import candidates
from toprope_kit.settings import EnvSettings

logger = logging.getLogger(__name__)
T = TypeVar("T")
GONE = (OSError, exceptions.ConnectionError, exceptions.TimeoutError)


class CacheAway(Exception):
    """The cache does not answer, or nobody asks it at the moment."""


class CacheSettings(EnvSettings):
    """Where the cache is; times in seconds."""

    cache_uri: SecretStr | None = None
    """`redis://host:6379/0`, also by `CACHE_URI_FILE`."""
    cache_password_file: Path | None = None
    """File of a mounted Secret; `<file>.next` is tried when the password is refused."""
    cache_timeout: Annotated[float, Field(gt=0, le=5)] = 0.1
    """For connecting, and for each answer."""
    cache_pool_size: Annotated[int, Field(ge=1, le=500)] = 16
    cache_pause: Annotated[float, Field(gt=0, le=60)] = 1.0
    """How long nobody asks after a failure."""

    @model_validator(mode="after")
    def _there_is_one(self) -> Self:
        if self.cache_uri is None:
            raise ValueError("set CACHE_URI or CACHE_URI_FILE")
        return self


class Passwords(CredentialProvider):
    """Today's password for each new connection; `refused` turns to the next candidate."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._turn = 0

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """The candidate whose turn it is."""
        found = candidates(self._file) or [""]
        return (found[self._turn % len(found)],)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same: reading a mounted file does not wait for anything."""
        return self.get_credentials()

    def refused(self) -> None:
        """The server did not take it."""
        self._turn += 1


class Cache:
    """A small pool of connections behind a circuit."""

    def __init__(self, settings: CacheSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._circuit = Circuit(settings.cache_pause, clock)
        file = settings.cache_password_file
        self._passwords = Passwords(file) if file is not None else None
        self._closed = False
        self.connected: Callable[[], None] = lambda: None
        """Called for each new connection, before anything is asked through it: another server may stand behind it,
        which holds something older, or nothing."""
        self._redis = self._made(settings.cache_timeout, settings.cache_pool_size, redis_connect_func=self._greeted)

    @property
    def away(self) -> bool:
        """The last question was not answered."""
        return self._circuit.gone

    async def attempt(self, ask: Callable[[Redis], Awaitable[T]]) -> T:
        """What `ask` returns; CacheAway within two time-outs, or at once while nobody asks."""
        if self._circuit.open:
            raise CacheAway("The cache did not answer a moment ago.")
        try:
            # The whole question is bounded too: a pipeline or a retry must not add up.
            async with asyncio.timeout(2 * self._settings.cache_timeout):
                answer = await self._asked(ask)
        except (exceptions.RedisError, OSError) as error:
            self._failed(error)
            raise CacheAway("The cache does not answer.") from error
        self._circuit.succeeded()
        return answer

    def client(self, *, timeout: float | None) -> Redis:
        """A client without the circuit, such as for subscribing; `timeout=None` waits for ever for a message."""
        return self._made(timeout, 2)

    async def check(self) -> None:
        """CacheAway when it does not answer."""
        await self.attempt(lambda redis: redis.ping())

    async def close(self) -> None:
        """Close all connections, and open no other."""
        self._closed = True
        await self._redis.aclose()

    async def _asked(self, ask: Callable[[Redis], Awaitable[T]]) -> T:
        try:
            return await ask(self._redis)
        except exceptions.AuthenticationError:
            if self._passwords is None:
                raise
            self._passwords.refused()
            return await ask(self._redis)

    async def _greeted(self, connection: AbstractConnection) -> None:
        if self._closed:  # whoever asks meanwhile tries once more, on a connection that nobody would close
            raise exceptions.ConnectionError("The cache was closed.")
        await connection.on_connect()
        self.connected()

    def _failed(self, error: Exception) -> None:
        # An error that Redis answered (wrong type, script error) is an answer: the cache is there.
        if not isinstance(error, GONE):
            return
        if not self._circuit.gone:
            logs.say(logger, "the cache is away", logging.WARNING, error=type(error).__qualname__)
        self._circuit.failed()

    def _made(self, timeout: float | None, size: int, **more: Any) -> Redis:
        if self._passwords is not None:
            more["credential_provider"] = self._passwords
        pool = BlockingConnectionPool.from_url(
            _uri(self._settings),
            max_connections=size,
            timeout=self._settings.cache_timeout,
            socket_connect_timeout=self._settings.cache_timeout,
            socket_timeout=timeout,
            # A restarted server leaves dead connections in the pool: one more try, but never after a time-out.
            retry=Retry(NoBackoff(), 1, (exceptions.ConnectionError,)),
            **more,
        )
        return Redis.from_pool(pool)


def _uri(settings: CacheSettings) -> str:
    return settings.cache_uri.get_secret_value() if settings.cache_uri is not None else ""
