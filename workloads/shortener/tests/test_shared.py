"""The cache that all workers share, in front of a real one."""

import asyncio

import pytest
from redis.asyncio import Redis

from shortener.entry import Entry, packed
from workloads.shortener.tests.conftest import Running
from workloads.shortener.tests.servers import eventually

pytestmark = pytest.mark.integration

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
