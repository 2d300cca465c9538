"""A pod that is cut off from what the others reach: what it may still answer."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from redis import Redis

from workloads.shortener.tests.conftest import Running, World
from workloads.shortener.tests.pods import Pod, pod, statuses
from workloads.shortener.tests.servers import CACHE_PASSWORD, until
from workloads.shortener.tests.ways import Way, a_way

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Cut:
    """A pod with its ways, and another one that reaches everything."""

    pod: Pod
    database: Way
    cache: Way
    other: Pod


def remembers(one: Pod, slug: str) -> bool:
    """Whether one more visitor is answered from memory: a reading that meets the news of the link is not kept."""
    hits = one.number('shortener_lookups_total{found="memory"}')
    assert one.ask(f"/{slug}").status_code == 302
    return one.number('shortener_lookups_total{found="memory"}') > hits


def cache_knows(world: World, slug: str) -> bool:
    """Whether the cache has heard of the link's newest version."""
    name = f"toprope:{world.sql('SELECT id FROM shortener.identity')}:link:{slug}"
    with Redis(port=world.cache.port, password=CACHE_PASSWORD) as redis:
        return redis.hget(name, "v") == world.sql(f"SELECT version FROM shortener.links WHERE slug = '{slug}'").encode()


@pytest.fixture
def cut(world: World) -> Iterator[Cut]:
    """Both know the links `spring` and `summer`."""
    with a_way(world.postgres.port) as database, a_way(world.cache.port) as cache, pod(world) as other:
        ways = {"DATABASE_PORT": str(database.port), "CACHE_URI": f"redis://127.0.0.1:{cache.port}/0"}
        with pod(world, **ways) as one:
            for slug in ("spring", "summer"):
                other.make(slug)
                until(partial(remembers, one, slug), "the link is remembered")
            yield Cut(one, database, cache, other)


@pytest.mark.parametrize("how", [Way.cut, Way.silence], ids=lambda way: way.__name__)
def test_a_link_that_changed_stops_and_the_others_go_on_where_only_the_cache_answers(
    world: World, cut: Cut, how: Callable[[Way], None]
) -> None:
    how(cut.database)
    cut.other.change("spring", enabled=False)
    until(lambda: cache_knows(world, "spring"), "the cache has heard of the change")
    time.sleep(1)
    # A network that loses packets is found out by waiting: 503 comes late, but the old target does not come.
    assert cut.pod.ask("/spring", timeout=20).status_code == 503
    assert statuses(cut.pod, "summer", 20) == {302: 20}


def test_what_the_link_is_now_the_cache_may_tell(cut: Cut) -> None:
    cut.database.cut()
    cut.other.change("spring", target="https://example.org/new")
    until(lambda: cut.pod.ask("/spring").status_code == 503, "the old target is followed no more")
    assert cut.other.ask("/spring").headers["location"] == "https://example.org/new"
    until(lambda: cut.pod.ask("/spring").status_code == 302, "the new one is known")
    assert cut.pod.ask("/spring").headers["location"] == "https://example.org/new"


def test_where_nothing_answers_known_links_go_on_until_something_does(cut: Cut) -> None:
    cut.database.cut()
    cut.cache.cut()
    cut.other.change("spring", enabled=False)
    until(lambda: cut.pod.number('workload_check_ok{check="cache"}') == 0, "the cache is seen to be away")
    assert statuses(cut.pod, "spring", 20) == {302: 20}
    cut.cache.open()
    until(lambda: cut.pod.ask("/spring").status_code == 503, "the cache tells of the change")
    assert statuses(cut.pod, "summer", 20) == {302: 20}
    cut.database.open()
    until(lambda: cut.pod.ask("/spring").status_code == 410, "the database tells what it is")


async def test_what_nobody_asks_for_is_looked_after_before_the_cache_forgets(running: Running) -> None:
    parts = running.parts
    await running.client.post("/api/v1/links", json={"target": "https://example.org/", "slug": "spring"})
    async with asyncio.timeout(10):
        while not parts.lookup.at_once("spring"):
            await running.client.get("/spring")
    async with asyncio.timeout(10):
        while parts.lookup.at_once("spring"):
            # Anew each time: a cache that was slow is told by the database's list, which knows nothing of this version.
            parts.shared.changed("spring", 10**9)
            parts.channel.away = True  # until it finds the database again, which is there
            await parts.lookup.sweep()
            await asyncio.sleep(0.01)
