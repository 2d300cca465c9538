"""Workers that share a cache share their limits: each of these tests fails where a worker counts alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pydantic import SecretStr

from shortener.limits import Limits
from toprope_kit.cache import Cache, CacheSettings
from workloads.shortener.tests.conftest import World, running_with
from workloads.shortener.tests.servers import CACHE_PASSWORD, CacheServer, eventually
from workloads.shortener.tests.test_limits import Clock, taken

pytestmark = pytest.mark.integration

LINKS = "/api/v1/links"


@asynccontextmanager
async def a_worker(server: CacheServer, clock: Clock, place: str) -> AsyncIterator[Limits]:
    """The limits of one, which talks with the cache as it does in a pod."""
    uri = SecretStr(f"redis://:{CACHE_PASSWORD}@127.0.0.1:{server.port}/0")
    cache = Cache(CacheSettings(cache_uri=uri, cache_timeout=1))
    limits = Limits(cache, clock)
    limits.place = place
    talks = asyncio.create_task(limits.run())
    try:
        yield limits
    finally:
        talks.cancel()
        await asyncio.gather(talks, return_exceptions=True)
        await cache.close()


@asynccontextmanager
async def two_workers(
    server: CacheServer, clock: Clock, first: str, second: str
) -> AsyncIterator[tuple[Limits, Limits]]:
    async with a_worker(server, clock, first) as one, a_worker(server, clock, second) as other:
        yield one, other


async def told(limits: Limits) -> None:
    """Until the cache knows what this worker has counted."""
    await eventually(lambda: not any(count.untold for count in limits._counts.values()), "the cache is told")


async def test_two_workers_meet_the_limit_of_a_key_together(cache_server: CacheServer) -> None:
    async with two_workers(cache_server, Clock(), "a-key", "a-key") as workers:
        verdicts = [await workers[number % 2].take_now("key", "k", 10) for number in range(16)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 10 + [False] * 6
    assert [verdict.remaining for verdict in verdicts[7:11]] == [2, 1, 0, 0]


async def test_the_last_minute_of_all_workers_counts_for_a_key(cache_server: CacheServer) -> None:
    clock = Clock()
    async with two_workers(cache_server, clock, "sliding", "sliding") as workers:
        for number in range(10):
            await workers[number % 2].take_now("key", "k", 10)
        clock.now += 60 + 30  # half of the last minute still counts
        verdicts = [await workers[number % 2].take_now("key", "k", 10) for number in range(8)]
    assert sum(verdict.allowed for verdict in verdicts) == 5


async def test_what_one_worker_gives_back_the_other_may_take(cache_server: CacheServer) -> None:
    async with two_workers(cache_server, Clock(), "given", "given") as (one, other):
        assert (await one.take_now("password", "a", 1)).allowed
        assert not (await other.take_now("password", "a", 1)).allowed
        await one.give_back("password", "a")
        assert (await other.take_now("password", "a", 1)).allowed


async def test_an_address_is_let_through_once_more_at_most_by_who_has_not_heard(cache_server: CacheServer) -> None:
    async with two_workers(cache_server, Clock(), "an-address", "an-address") as (one, other):
        assert taken(one, 9) == 9
        await told(one)
        assert taken(other, 1) == 1
        await told(other)
        assert taken(other, 9) == 0
        assert taken(one, 1) == 1  # it last heard of nine
        await told(one)
        assert taken(one, 9) == 0


async def test_services_that_share_a_cache_share_no_limit(cache_server: CacheServer) -> None:
    async with two_workers(cache_server, Clock(), "mine", "yours") as (mine, yours):
        assert (await mine.take_now("key", "k", 1)).allowed
        assert (await yours.take_now("key", "k", 1)).allowed
        assert taken(mine, 12) == 10
        await told(mine)
        assert taken(yours, 1) == 1
        await told(yours)
        assert taken(yours, 12) == 9


async def test_a_key_is_refused_by_all_workers_of_a_service(world: World) -> None:
    async with AsyncExitStack() as stack:
        limit = {"key_requests_per_minute": 5}
        pair = [await stack.enter_async_context(running_with(world, **limit)) for _ in range(2)]
        await eventually(lambda: time.time() % 60 < 50, "the requests lie in one minute")
        answers = [await pair[number % 2].client.get(LINKS) for number in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert answers[-1].json()["detail"] == "This key made its 5 requests of this minute."
    assert answers[-1].headers["retry-after"] == answers[-1].headers["ratelimit-reset"]
    assert [answer.headers["ratelimit-remaining"] for answer in answers[:6]] == ["4", "3", "2", "1", "0", "0"]
