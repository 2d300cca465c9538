"""Real servers, once a run; a database of its own for each test, copied from one that was migrated once."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from shortener.app import Configuration, Parts, front
from shortener.service import SERVICE
from shortener.settings import ShortenerSettings
from toprope_kit.auth import mint
from toprope_kit.cache import CacheSettings
from toprope_kit.database import DatabaseSettings
from toprope_kit.worker import Worker
from workloads.shortener.tests import servers
from workloads.shortener.tests.servers import CacheServer, Postgres, eventually

NUMBERS = count(1)
KEY = mint("first1").text


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Runs for the whole session; its database `app` is migrated and used by no test."""
    with servers.postgres() as server:
        folder = tmp_path_factory.mktemp("credentials")
        environ = servers.environment(server, None, folder, BOOTSTRAP_KEY_FILE=str(folder / "api-key"))
        servers.write_credentials(folder, api_key=KEY)
        done = servers.shortener(servers.as_owner(environ), "migrate")
        assert done.returncode == 0, done.stderr
        yield server


@pytest.fixture(scope="session")
def cache_server() -> Iterator[CacheServer]:
    """Runs for the whole session."""
    with servers.cache_server() as server:
        yield server


@dataclass(frozen=True)
class World:
    """Where one test lives."""

    postgres: Postgres
    cache: CacheServer
    database: str
    folder: Path

    def sql(self, statement: str, user: str = "owner") -> str:
        return self.postgres.sql(statement, self.database, user)

    def environ(self, **more: str) -> dict[str, str]:
        more = {"DATABASE_NAME": self.database, **more}
        return servers.environment(self.postgres, self.cache, self.folder, **more)

    def configuration(self, **settings: object) -> Configuration:
        servers.write_credentials(self.folder)
        database = DatabaseSettings(
            database_host="127.0.0.1",
            database_port=self.postgres.port,
            database_name=self.database,
            database_password_file=self.folder / "app-password",
        )
        uri = SecretStr(f"redis://:{servers.CACHE_PASSWORD}@127.0.0.1:{self.cache.port}/0")
        shortener = ShortenerSettings.model_validate(settings)
        return Configuration(shortener, database, CacheSettings(cache_uri=uri, cache_timeout=1))


@contextmanager
def a_world(postgres: Postgres, cache: CacheServer, folder: Path) -> Iterator[World]:
    """A copy of the migrated database, gone afterwards."""
    name = f"test_{next(NUMBERS)}"
    postgres.sql(f"CREATE DATABASE {name} TEMPLATE app OWNER owner", "postgres", "postgres")
    # A copy has its template's identity, and with it would share the cache's entries.
    postgres.sql("UPDATE shortener.identity SET id = gen_random_uuid()", name)
    yield World(postgres, cache, name, folder)
    postgres.sql(f"DROP DATABASE {name} WITH (FORCE)", "postgres", "postgres")


@pytest.fixture
def world(postgres_server: Postgres, cache_server: CacheServer, tmp_path: Path) -> Iterator[World]:
    with a_world(postgres_server, cache_server, tmp_path / "credentials") as one:
        yield one


@dataclass(frozen=True)
class Running:
    """One worker in this process, and a client that has its tenant's key."""

    parts: Parts
    client: httpx.AsyncClient


@pytest.fixture
async def running(world: World) -> AsyncIterator[Running]:
    async with running_with(world) as one:
        yield one


@asynccontextmanager
async def running_with(world: World, *, heard: bool = True, **settings: object) -> AsyncIterator[Running]:
    parts = Parts(Worker.local(SERVICE), world.configuration(**settings))
    app = parts.worker.wrap(front(parts))
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        parts.running(None),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://short.test", headers=headers) as client,
    ):
        if heard:
            await eventually(lambda: parts.channel.fresh and parts.shared.trusted, "the worker hears of changes")
        yield Running(parts, client)
