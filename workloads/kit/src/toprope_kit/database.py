"""Postgres as a workload sees it: a pool that survives the loss of its database, and the rotation of its password.

A lost database is an answer, not a crash: whatever a lost, starting, full or read-only server raises becomes
`DatabaseAway`, a 503 with `Retry-After`. After a failed connection nobody tries again for half a second, so that
requests fail at once instead of queueing for a time-out; the first one after that finds out whether it is back.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Self

import asyncpg
from pydantic import Field, model_validator

from toprope_kit import logs
from toprope_kit.circuit import Circuit
from toprope_kit.problem import Unavailable
from toprope_kit.rotation import candidates
from toprope_kit.settings import EnvSettings

logger = logging.getLogger(__name__)
Prepare = Callable[[Any], Awaitable[None]]
Seconds = Annotated[float, Field(gt=0, le=300)]
PAUSE = 0.5

LOST = (
    OSError,  # refused, reset, unreachable; TimeoutError is one of them
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # starting up, shutting down, cancelled by its administrator
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,  # the server is there, the database not yet
)
"""What counts as "the database is away"; every other error of the driver is the caller's own."""


class DatabaseAway(Unavailable):
    """503: the database does not answer at the moment."""

    slug = "database-away"


class DatabaseSettings(EnvSettings):
    """Where the database is and how long to wait for it; times in seconds."""

    database_host: str | None = None
    """Host name; alternatively everything stands in `DATABASE_URI_FILE`."""
    database_port: Annotated[int, Field(ge=1, le=65535)] = 5432
    database_name: str = "app"
    database_user: str = "app"
    database_password_file: Path | None = None
    """File of a mounted Secret, read for every new connection; `<file>.next` is tried when the password is refused."""
    database_uri_file: Path | None = None
    """File with a whole `postgresql://` URI, read for every new connection."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    """Most connections of one worker process."""
    database_connect_timeout: Seconds = 2
    database_command_timeout: Seconds = 5
    database_acquire_timeout: Seconds = 1
    """Longest wait for a free connection of the pool."""
    database_statement_cache: Annotated[int, Field(ge=0, le=10000)] = 100
    """Prepared statements kept a connection; 0 for a pooler between us and Postgres that mixes sessions."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.database_host is None) == (self.database_uri_file is None):
            raise ValueError("set either DATABASE_HOST or DATABASE_URI_FILE")
        return self


async def connect(settings: DatabaseSettings, **overrides: Any) -> Any:
    """One connection outside any pool, with today's password; raises what asyncpg raises, and OSError for files.

    `overrides` go to `asyncpg.connect`, such as `user` and `password` for a look as somebody else.
    """
    arguments: dict[str, Any] = {
        "timeout": settings.database_connect_timeout,
        "command_timeout": settings.database_command_timeout,
        "statement_cache_size": settings.database_statement_cache,
    }
    arguments |= overrides
    if settings.database_uri_file is not None:
        return await asyncpg.connect(_uri(settings.database_uri_file), **arguments)
    place = {
        "host": settings.database_host,
        "port": settings.database_port,
        "database": settings.database_name,
        "user": settings.database_user,
    }
    return await _with_password(settings.database_password_file, place | arguments)


async def _with_password(file: Path | None, arguments: dict[str, Any]) -> Any:
    if file is None or "password" in arguments:
        return await asyncpg.connect(**arguments)
    *earlier, last = candidates(file) or [""]
    for password in earlier:
        try:
            return await asyncpg.connect(**{**arguments, "password": password})
        except asyncpg.InvalidPasswordError:
            logs.say(logger, "the password was refused; trying its successor")
    return await asyncpg.connect(**{**arguments, "password": last})


def _uri(file: Path) -> str:
    scheme, mark, rest = file.read_text().strip().partition("://")
    # SQLAlchemy's spelling names a driver, which is no business of the server's.
    return scheme.partition("+")[0] + mark + rest


async def leave_as_is(connection: Any) -> None:
    """A `reset` for services that keep no state in a session: saves a round trip with each connection given back."""


class Database:
    """A pool. `init` prepares each new connection; `reset` cleans one that comes back (asyncpg's own when None)."""

    def __init__(
        self,
        settings: DatabaseSettings,
        *,
        init: Prepare | None = None,
        reset: Prepare | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._init = init
        self._reset = reset
        self._circuit = Circuit(PAUSE, clock)
        self._pool: Any = None

    @property
    def pool_size(self) -> int:
        """Most connections that the pool really opens."""
        return int(self._pool.get_max_size()) if self._pool is not None else 0

    async def open(self) -> None:
        """Make the pool. It connects when first asked, so a database that is away does not matter here."""
        self._pool = await asyncpg.create_pool(
            min_size=0,
            max_size=self._settings.database_pool_size,
            connect=self._connect,
            init=self._init,
            reset=self._reset,
        )

    async def renew(self) -> None:
        """What `init` says has changed: each connection is made anew before it is used again."""
        if self._pool is not None:
            await self._pool.expire_connections()

    async def close(self, seconds: float = 5) -> None:
        """Close all connections, by force after `seconds`."""
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._pool.close()
        except (TimeoutError, *LOST):
            self._pool.terminate()

    @asynccontextmanager
    async def acquire(self, wait: float | None = None) -> AsyncIterator[Any]:
        """A connection for the body of the `with`; DatabaseAway when there is none within `wait` seconds or it is lost.

        The body should do nothing but talk to the database: any OSError or time-out in it counts as the database's.
        """
        if self._pool is None:
            raise DatabaseAway("The database pool is not open.")
        try:
            connection = await self._pool.acquire(timeout=wait or self._settings.database_acquire_timeout)
        except LOST as error:
            raise _away(error) from error
        try:
            yield connection
        except LOST as error:
            raise _away(error) from error
        except asyncpg.InterfaceError as error:
            # Its driver says the same of a wrong call and of a connection that broke a moment ago.
            if _broken(connection):
                raise _away(error) from error
            raise
        except asyncpg.InternalClientError as error:
            # So it answers when a server's last word came between two questions: the connection is of no more use.
            connection.terminate()
            raise _away(error) from error
        finally:
            await self._release(connection)

    @asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncIterator[Any]:
        """A connection inside a transaction; `options` as for asyncpg's (`isolation`, `readonly`)."""
        async with self.acquire() as connection, connection.transaction(**options):
            yield connection

    async def check(self) -> None:
        """Ask the database for the least there is; DatabaseAway when it does not answer."""
        async with self.acquire() as connection:
            await connection.execute("SELECT 1")

    async def _connect(self, *args: Any, loop: Any = None, **pools_own: Any) -> Any:
        if self._circuit.open:
            raise DatabaseAway("The database does not answer.")
        try:
            connection = await connect(self._settings, **pools_own)
        except BaseException:
            # Also when cancelled: the caller's patience ended before the connection's own time-out.
            self._circuit.failed()
            raise
        self._circuit.succeeded()
        return connection

    async def _release(self, connection: Any) -> None:
        try:
            await self._pool.release(connection, timeout=1)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            # The pool has dropped it; what the body got from it is still good.
            logs.say(logger, "a connection broke while it was given back", logging.DEBUG)


def _broken(connection: Any) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        # The pool has taken it back already, which it does by itself only when it broke.
        return True


def _away(error: BaseException) -> DatabaseAway:
    kind = type(error).__qualname__
    logs.say(logger, "the database is away", logging.WARNING, error=kind, sqlstate=getattr(error, "sqlstate", None))
    return DatabaseAway("The database does not answer. Try again in a moment.")
