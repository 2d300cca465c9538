"""Real servers, once a run; a database of its own for each test, copied from one that was migrated once."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest

from search.app import api
from search.bound import BoundSettings
from search.embedding.embedder import Embedder
from search.model import make
from search.parts import Configuration, Parts
from search.service import SERVICE
from search.settings import SearchSettings
from toprope_kit.worker import Worker
from workloads.search.tests.toy import Toy
from workloads.search.tests.worlds import KEY, World, a_document, written
from workloads.shortener.tests import servers
from workloads.shortener.tests.servers import Postgres, eventually

NUMBERS = count(1)
MANY = 600


@pytest.fixture(scope="session")
def model() -> Path:
    """The bundled model, made once in this user's cache."""
    return make.local()


@pytest.fixture(scope="session")
def minilm(model: Path) -> Embedder:
    return Embedder(model, 1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Runs for the whole session. Its database `app` is migrated; `filled` has a generation `g1` as well."""
    with servers.postgres() as server:
        folder = tmp_path_factory.mktemp("search")
        server.sql("CREATE EXTENSION vector", "app", "postgres")
        environ = servers.environment(server, None, folder / "credentials")
        done = servers.program("search", servers.as_owner(environ), "migrate")
        assert done.returncode == 0, done.stderr
        server.sql("CREATE DATABASE filled TEMPLATE app OWNER owner", "postgres", "postgres")
        filled = World(server, "filled", folder)
        filled.ingest(written(folder / "documents.jsonl", map(a_document, range(MANY))))
        yield server


def a_world(postgres: Postgres, template: str, folder: Path) -> Iterator[World]:
    name = f"search_{next(NUMBERS)}"
    postgres.sql(f"CREATE DATABASE {name} TEMPLATE {template} OWNER owner", "postgres", "postgres")
    yield World(postgres, name, folder)
    postgres.sql(f"DROP DATABASE {name} WITH (FORCE)", "postgres", "postgres")


@pytest.fixture
def world(postgres_server: Postgres, tmp_path: Path) -> Iterator[World]:
    """A migrated database without documents."""
    yield from a_world(postgres_server, "app", tmp_path)


@pytest.fixture
def filled(postgres_server: Postgres, tmp_path: Path) -> Iterator[World]:
    """One in which 600 documents are indexed as generation g1."""
    yield from a_world(postgres_server, "filled", tmp_path)


@dataclass(frozen=True)
class Running:
    """One worker in this process, and a client that has the key."""

    parts: Parts
    client: httpx.AsyncClient

    async def rows(self, **words: object) -> list[str]:
        """Ids of an answer."""
        answer = await self.client.get("/v1/search", params=words)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]


class ToyParts(Parts):
    """A worker that embeds without a model."""

    def embedder_of(self, folder: Path, threads: int) -> Embedder:
        return Toy()


@asynccontextmanager
async def running_in(world: World, generation: str = "g1", **search: object) -> AsyncIterator[Running]:
    database = world.database_settings("app")
    key_file = world.folder / "credentials" / "api-key"
    given = {"api_key_file": key_file, "follow_rest": 0.0, **search}
    configuration = Configuration(SearchSettings.model_validate(given), BoundSettings(generation=generation), database)
    parts = ToyParts(Worker.local(SERVICE), configuration)
    app = parts.worker.wrap(api(parts))
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        parts.running(None),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://search.test", headers=headers) as client,
    ):
        await eventually(lambda: parts.following.lag == 0, "the generation has followed its documents")
        yield Running(parts, client)


@pytest.fixture
async def running(filled: World) -> AsyncIterator[Running]:
    async with running_in(filled) as one:
        yield one
