"""A change reaches every worker of every pod within a second, whatever is broken meanwhile."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from workloads.shortener.tests.conftest import World
from workloads.shortener.tests.pods import Pod, pod, statuses
from workloads.shortener.tests.servers import until

pytestmark = pytest.mark.integration


@pytest.fixture
def pods(world: World) -> Iterator[tuple[Pod, Pod]]:
    """Two pods of two workers, that all know the link `spring`."""
    with pod(world, WORKERS="2") as one, pod(world, WORKERS="2") as other:
        one.make("spring")
        for each in (one, other):
            assert statuses(each, "spring", 12) == {302: 12}
        yield one, other


def second_later(since: float) -> None:
    """Let the second pass that a change may take."""
    until(lambda: time.monotonic() > since + 1, "a second")


def test_a_disabled_link_stops_in_every_worker(pods: tuple[Pod, Pod]) -> None:
    one, other = pods
    one.change("spring", enabled=False)
    second_later(time.monotonic())
    for each in (one, other):
        assert statuses(each, "spring", 12) == {410: 12}


def test_it_stops_also_when_nobody_could_hear_of_it(world: World, pods: tuple[Pod, Pod]) -> None:
    listeners = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND datname = current_database()"
    )
    world.sql(f"{listeners}; UPDATE shortener.links SET enabled = false")
    second_later(time.monotonic())
    for each in pods:
        assert statuses(each, "spring", 12) == {410: 12}


def test_a_cache_that_missed_the_change_revives_nothing(world: World, pods: tuple[Pod, Pod]) -> None:
    assert world.cache.process is not None
    os.kill(world.cache.process.pid, signal.SIGSTOP)
    try:
        pods[0].change("spring", target="https://example.org/summer")
        until(lambda: pods[0].number('workload_check_ok{check="cache"}') == 0, "the cache is seen to be away")
    finally:
        os.kill(world.cache.process.pid, signal.SIGCONT)
    with pod(world) as young:
        location = young.ask("/spring").headers["location"]
    assert location == "https://example.org/summer"
