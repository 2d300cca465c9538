"""A change reaches every worker of every pod within a second, whatever is broken meanwhile."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from workloads.shortener.tests.conftest import World, a_world
from workloads.shortener.tests.pods import Pod, pod, statuses
from workloads.shortener.tests.servers import CacheServer, Postgres, until

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Pods:
    """Two pods of two workers on one database."""

    world: World
    both: tuple[Pod, Pod]

    def know(self, slug: str) -> None:
        """A link that every worker has been asked for."""
        self.both[0].make(slug)
        for each in self.both:
            assert statuses(each, slug, 12) == {302: 12}

    def stopped(self, slug: str) -> None:
        """A second later no worker follows the link any more."""
        since = time.monotonic()
        until(lambda: time.monotonic() > since + 1, "a second")
        for each in self.both:
            assert statuses(each, slug, 12) == {410: 12}


@pytest.fixture(scope="module")
def pods(
    postgres_server: Postgres, cache_server: CacheServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pods]:
    folder = tmp_path_factory.mktemp("pods") / "credentials"
    with (
        a_world(postgres_server, cache_server, folder) as world,
        pod(world, WORKERS="2") as one,
        pod(world, WORKERS="2") as other,
    ):
        yield Pods(world, (one, other))


def test_a_disabled_link_stops_in_every_worker(pods: Pods) -> None:
    pods.know("spring")
    pods.both[0].change("spring", enabled=False)
    pods.stopped("spring")


def test_it_stops_also_when_nobody_could_hear_of_it(pods: Pods) -> None:
    pods.know("summer")
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND datname = current_database()"
    )
    pods.world.sql(f"{cut}; UPDATE shortener.links SET enabled = false", "postgres")
    pods.stopped("summer")


def test_a_cache_that_missed_the_change_revives_nothing(pods: Pods) -> None:
    pods.know("autumn")
    cache = pods.world.cache.process
    assert cache is not None
    os.kill(cache.pid, signal.SIGSTOP)
    try:
        pods.both[0].change("autumn", target="https://example.org/winter")
        until(lambda: pods.both[0].number('workload_check_ok{check="cache"}') == 0, "the cache is seen to be away")
    finally:
        os.kill(cache.pid, signal.SIGCONT)
    with pod(pods.world) as young:
        assert young.ask("/autumn").headers["location"] == "https://example.org/winter"
