"""From slug to link, with what it stands on handed in as plain functions."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import asyncpg
import pytest
from pydantic import SecretStr

from shortener.channel import ChangesUnheard, Channel
from shortener.entry import Entry
from shortener.lookup import Lookup
from shortener.memory import Memory
from shortener.service import SERVICE
from shortener.shared import Shared
from toprope_kit.cache import Cache, CacheSettings
from toprope_kit.database import DatabaseAway
from toprope_kit.worker import Worker

OLD = Entry(link_id=1, version=1, target="https://old.example/")
NEW = replace(OLD, version=2, target="https://new.example/")


async def nobody() -> object:
    raise OSError


class Database:
    """Answers when told to, so that a change can come in the middle of a reading."""

    def __init__(self) -> None:
        self.link: Entry | None = OLD
        self.asked = 0
        self.away = False
        self.answering = asyncio.Event()
        self.answering.set()

    async def resolve(self, slug: str) -> Entry | None:
        self.asked += 1
        found = self.link
        await self.answering.wait()
        if self.away:
            raise DatabaseAway("away")
        return found


async def no_replay(seconds: float) -> tuple[str, Iterable[tuple[str, int]]]:
    return "here", []


def lookup(database: Database) -> Lookup:
    cache = Cache(CacheSettings(cache_uri=SecretStr("redis://127.0.0.1:1/0")))
    made = Lookup(Memory(10), Shared(cache, no_replay), database.resolve, Worker.local(SERVICE).numbers)
    made.channel = Channel(nobody, made.changed, made.gap)
    return made


async def test_a_link_is_asked_for_once() -> None:
    database = Database()
    links = lookup(database)
    assert await links.find("a") is OLD
    assert links.at_once("a") is OLD
    assert database.asked == 1


async def test_readings_of_one_slug_are_shared() -> None:
    database = Database()
    links = lookup(database)
    assert await asyncio.gather(*(links.find("a") for _ in range(20))) == [OLD] * 20
    assert database.asked == 1


async def test_a_late_reading_revives_nothing() -> None:
    database = Database()
    links = lookup(database)
    database.answering.clear()
    late = asyncio.create_task(links.find("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    database.link = NEW
    links.changed("a", 2)
    fresh = asyncio.create_task(links.find("a"))
    await asyncio.sleep(0)
    database.answering.set()
    assert (await late, await fresh) == (OLD, NEW)
    assert links.at_once("a") is NEW


async def test_a_miss_is_remembered_until_the_link_is_made() -> None:
    database = Database()
    database.link = None
    links = lookup(database)
    assert await links.find("a") is None
    assert await links.find("a") is None
    assert database.asked == 1
    database.link = NEW
    links.changed("a", 2)
    assert await links.find("a") is NEW


async def test_late_news_of_what_is_known_take_nothing_away() -> None:
    database = Database()
    links = lookup(database)
    await links.find("a")
    links.changed("a", 1)
    assert links.at_once("a") is OLD
    links.changed("a", 2)
    assert links.at_once("a") is None


async def test_after_a_gap_a_link_is_asked_for_again() -> None:
    database = Database()
    links = lookup(database)
    await links.find("a")
    database.link = NEW
    links.gap()
    assert await links.find("a") is NEW


async def test_without_the_database_a_known_link_goes_on_and_an_unknown_one_is_unavailable() -> None:
    database = Database()
    links = lookup(database)
    await links.find("a")
    links.gap()
    database.away = True
    assert await links.find("a") is OLD
    with pytest.raises(DatabaseAway):
        await links.find("b")


async def test_what_changed_while_we_waited_for_the_database_is_not_answered() -> None:
    database = Database()
    links = lookup(database)
    await links.find("a")
    links.gap()
    database.away = True
    database.answering.clear()
    waiting = asyncio.create_task(links.find("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    links.changed("a", 2)
    database.answering.set()
    with pytest.raises(DatabaseAway):
        await waiting


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.TooManyConnectionsError(), False),
        (asyncpg.InvalidPasswordError(), False),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_who_lets_nobody_in_is_there(error: Exception, away: bool) -> None:
    tried = asyncio.Event()

    async def refused() -> object:
        tried.set()
        raise error

    channel = Channel(refused, lambda slug, version: None, lambda: None)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(channel.run())
        await tried.wait()
        running.cancel()
    assert channel.away is away


class Pooled:
    """A session as a pooler gives it: LISTEN went to another one."""

    async def add_listener(self, *_: object) -> None:
        """Nobody hears it."""

    async def execute(self, *_: object) -> None:
        """The notification goes to whoever listens."""

    async def fetchval(self, *_: object, **__: object) -> int:
        return 1

    def terminate(self) -> None:
        """Nothing is left."""


async def test_who_hears_nothing_is_not_fresh_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async def connect() -> Pooled:
        return Pooled()

    gaps: list[str] = []
    channel = Channel(connect, lambda slug, version: None, lambda: gaps.append("gap"))
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(channel.run())
        while not channel.deaf:
            assert not channel.fresh
            await asyncio.sleep(0.01)
        with pytest.raises(ChangesUnheard):
            await channel.check()
        running.cancel()
    assert "without a pooler" in caplog.text
    assert not gaps
