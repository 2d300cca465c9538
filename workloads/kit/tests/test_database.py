"""The pool against a real server that is stopped, killed, made read-only and given new passwords."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from toprope_kit.database import Database, DatabaseAway, DatabaseSettings, connect, leave_as_is
from workloads.kit.tests.postgres import Volume, postgres, serving_postgres, volume
from workloads.kit.tests.waiting import true_soon

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server() -> Iterator[Volume]:
    with volume() as place, serving_postgres(place):
        yield place


@pytest.fixture
async def database(server: Volume) -> AsyncIterator[Database]:
    database = Database(server.settings())
    await database.open()
    yield database
    await database.close()


async def answers(database: Database) -> bool:
    try:
        await database.check()
    except DatabaseAway:
        return False
    return True


async def test_the_app_is_not_the_owner(database: Database) -> None:
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT current_user") == "app"
        assert connection.is_in_transaction()


async def test_the_pool_has_the_size_that_was_asked_for(database: Database) -> None:
    assert database.pool_size == 4


async def test_a_full_pool_is_an_answer_and_not_a_wait(database: Database) -> None:
    async with database.acquire(), database.acquire(), database.acquire(), database.acquire():
        with pytest.raises(DatabaseAway):
            async with database.acquire(wait=0.05):
                pass
    assert await answers(database)


@pytest.mark.parametrize("error", [ConnectionResetError, asyncpg.InternalClientError, asyncpg.InterfaceError])
async def test_what_breaks_while_a_connection_is_given_back_is_nobodys_error(
    server: Volume, error: type[Exception]
) -> None:
    async def breaks(connection: object) -> None:
        raise error("The server said its last word.")

    database = Database(server.settings(), reset=breaks)
    await database.open()
    for _ in range(database.pool_size + 1):
        async with database.acquire() as connection:
            assert await connection.fetchval("SELECT 1") == 1
    await database.close()


async def test_the_callers_own_mistakes_stay_what_they_are(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.acquire() as connection:
            await connection.execute("SELECT * FROM nowhere")
    with pytest.raises(asyncpg.InterfaceError):
        async with database.acquire() as connection:
            await connection.fetchval("SELECT $1::int")


async def test_new_connections_are_prepared(server: Volume) -> None:
    async def prepare(connection: asyncpg.Connection) -> None:
        await connection.execute("SET application_name TO 'prepared'")

    database = Database(server.settings(), init=prepare, reset=leave_as_is)
    await database.open()
    async with database.acquire() as connection:
        assert await connection.fetchval("SHOW application_name") == "prepared"
    await database.close()


async def test_a_connection_that_is_cut_in_the_middle_is_the_databases_absence(
    database: Database, server: Volume
) -> None:
    async def cut_in_the_middle() -> None:
        async with database.acquire() as connection:
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            await asyncio.to_thread(server.as_superuser, f"SELECT pg_terminate_backend({pid})")
            await connection.fetchval("SELECT 1")

    with pytest.raises(DatabaseAway):
        await cut_in_the_middle()
    assert await answers(database)


async def test_a_read_only_database_is_away_for_writers(database: Database) -> None:
    with pytest.raises(DatabaseAway):
        async with database.transaction(readonly=True) as connection:
            await connection.execute("CREATE TABLE notes (note text)")


async def test_a_uri_in_a_file_is_read_for_each_connection(server: Volume) -> None:
    uri = f"postgresql+asyncpg://app:app%27s%27@127.0.0.1:{server.port}/app"
    server.secret("uri", uri)
    settings = DatabaseSettings(database_uri_file=server.folder / "secrets/uri")
    connection = await connect(settings)
    assert await connection.fetchval("SELECT current_user") == "app"
    await connection.close()


async def test_a_rotated_password_is_followed_without_a_restart(server: Volume) -> None:
    database = Database(server.settings())
    await database.open()
    first = (server.folder / "secrets/app-password").read_text()
    server.secret("app-password.next", "the second")
    assert await answers(database)  # the successor stands there, the server does not know it yet
    await asyncio.to_thread(server.sql, "ALTER ROLE app PASSWORD 'the second'")
    await database._pool.expire_connections()
    assert await answers(database)  # new connections take the successor
    server.secret("app-password", "the second")
    server.secret("app-password.next", None)
    await database._pool.expire_connections()
    assert await answers(database)
    await database.close()
    await asyncio.to_thread(server.sql, "ALTER ROLE app PASSWORD '" + first.replace("'", "''") + "'")
    server.secret("app-password", first)


async def test_a_database_that_is_not_there_yet_is_waited_for() -> None:
    with volume() as place:
        database = Database(place.settings())
        await database.open()
        assert not await answers(database)
        with postgres(place):
            await true_soon(lambda: answers(database))
            await database.close()


async def test_a_killed_database_is_away_at_once_and_found_again() -> None:
    with volume() as place:
        database = Database(place.settings())
        await database.open()
        with postgres(place) as program:
            await true_soon(lambda: answers(database))
            program.process.send_signal(signal.SIGTERM)
            await true_soon(lambda: gone(database))
        with pytest.raises(DatabaseAway) as away:
            await database.check()
        assert away.value.headers["Retry-After"] == "1"
        with postgres(place):
            await true_soon(lambda: answers(database))
            await database.close()


async def gone(database: Database) -> bool:
    return not await answers(database)
