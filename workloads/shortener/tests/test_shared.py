"""The cache that all workers share, in front of a real one."""

import asyncio
from collections.abc import Iterable

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from shortener.entry import Entry, packed
from shortener.shared import Shared
from toprope_kit.cache import Cache, CacheSettings
from workloads.shortener.tests.conftest import Running
from workloads.shortener.tests.servers import CACHE_PASSWORD, CacheServer, eventually

pytestmark = pytest.mark.integration

MANY = 20_000
OLD = Entry(link_id=1, version=1, target="https://old.example/")


async def failed_over(redis: Redis, name: str, held: bytes) -> None:
    """The server that takes over has not heard of the change yet, and every connection is cut."""
    await redis.delete(name)
    await redis.restore(name, 300_000, held)
    await redis.client_kill_filter(_type="normal", skipme=True)


async def test_a_cache_that_fails_over_revives_no_disabled_link(running: Running) -> None:
    client, parts = running.client, running.parts
    await client.post("/api/v1/links", json={"target": "https://example.org/", "slug": "spring"})
    assert (await client.get("/spring")).status_code == 302
    await parts.shared.put("spring", OLD)
    redis = parts.cache.client(timeout=5)
    (name,) = [name async for name in redis.scan_iter(f"toprope:{parts.limits.place}:link:spring")]
    held = await redis.dump(name)
    await client.patch("/api/v1/links/spring", json={"enabled": False})
    async with asyncio.timeout(5):
        while await redis.hget(name, "e") != b"":
            pass
    await failed_over(redis, name, held)
    assert await parts.shared.get("spring") is None
    assert (await client.get("/spring")).status_code == 410
    await eventually(lambda: parts.shared.trusted, "the changes are replayed")
    assert await redis.hget(name, "e") != packed(OLD)
    await redis.aclose()


async def many_changes(seconds: float) -> tuple[str, Iterable[tuple[str, int]]]:
    """As after a link list was changed whole."""
    return "many", [(f"s{number}", number) for number in range(MANY)]


async def test_many_changes_do_not_keep_the_cache_out(cache_server: CacheServer) -> None:
    uri = SecretStr(f"redis://:{CACHE_PASSWORD}@127.0.0.1:{cache_server.port}/0")
    cache = Cache(CacheSettings(cache_uri=uri))
    shared = Shared(cache, many_changes)
    running = asyncio.create_task(shared.run())
    shared.distrust()
    await eventually(lambda: shared.trusted, "the changes are replayed")
    running.cancel()
    await cache.close()
