"""What stands under a redirect goes away under load, and what is left of the visits."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workloads.shortener.tests import servers
from workloads.shortener.tests.conftest import KEY, World
from workloads.shortener.tests.pods import Pod, Visits, pod, recorded, visit
from workloads.shortener.tests.servers import CacheServer, Postgres, eventually, until

pytestmark = pytest.mark.integration


def a_world(server: Postgres, cache: CacheServer, folder: Path) -> World:
    """A world on servers that may be broken; migrated."""
    credentials = folder / "credentials"
    servers.write_credentials(credentials, api_key=KEY)
    world = World(server, cache, "app", credentials)
    environ = world.environ(BOOTSTRAP_KEY_FILE=str(credentials / "api-key"))
    done = servers.shortener(servers.as_owner(environ), "migrate")
    assert done.returncode == 0, done.stderr
    return world


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[World]:
    with servers.postgres() as server, servers.cache_server() as cache:
        yield a_world(server, cache, tmp_path)


def test_sigterm_under_load_loses_no_click(world: World) -> None:
    visits = Visits()

    async def story(one: Pod) -> None:
        enough = asyncio.Event()
        visiting = asyncio.create_task(visit(one, "spring", visits, enough))
        await eventually(lambda: len(visits.answered) >= 400, "visitors were answered")
        code = await asyncio.to_thread(one.stop)
        enough.set()
        await visiting
        assert code == 0

    with pod(world) as one:
        one.make("spring")
        asyncio.run(story(one))
    assert recorded(world) == len(visits.answered)


def test_sigkill_loses_at_most_the_last_seconds_clicks_and_counts_them(world: World) -> None:
    visits, killed = Visits(), 0.0

    async def story(one: Pod) -> None:
        nonlocal killed
        enough = asyncio.Event()
        visiting = asyncio.create_task(visit(one, "spring", visits, enough))
        await eventually(lambda: len(visits.answered) >= 400, "visitors were answered")
        killed = time.monotonic()
        os.kill(one.workers()[0], signal.SIGKILL)
        enough.set()
        await visiting

    with pod(world) as one:
        one.make("spring")
        asyncio.run(story(one))
        until(lambda: one.number("shortener_clicks_buffered") == 0, "what the next worker holds is written")
        until(one.ready, "the next worker is ready")
        counted = one.number('shortener_clicks_dropped_total{reason="killed"}')
        assert one.stop() == 0
    lost = len(visits.answered) - recorded(world)
    last = sum(killed - 1 <= moment for moment in visits.answered)
    assert lost <= min(last, counted)


def test_without_its_database_known_links_go_on_the_rest_waits_and_all_recovers(breakable: World) -> None:
    with pod(breakable) as one:
        for slug in ("known", "unknown"):
            one.make(slug)
        assert one.ask("/known").status_code == 302
        pids = one.workers()
        breakable.postgres.kill()
        assert [one.ask("/known").status_code for _ in range(20)] == [302] * 20
        away = one.ask("/unknown")
        assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
        assert int(away.headers["retry-after"]) >= 1
        assert one.ask("/api/v1/links").status_code == 503
        breakable.postgres.start()
        until(lambda: one.ask("/unknown").status_code == 302, "an unknown link is found again")
        assert one.workers() == pids
        until(lambda: recorded(breakable) == 22, "every click is there, also those of the dark")


def test_without_its_cache_everything_goes_on(breakable: World) -> None:
    with pod(breakable) as one:
        breakable.cache.stop()
        one.make("spring")
        assert [one.ask("/spring").status_code for _ in range(10)] == [302] * 10
        assert one.ask("/api/v1/links").headers["ratelimit-limit"] == "600"
        breakable.cache.start()
        until(lambda: one.number('workload_check_ok{check="cache"}') == 1, "the cache is back")
        assert one.ask("/spring").status_code == 302


@pytest.fixture
def small_disk() -> Iterator[Path]:
    with servers.small_disk() as place:
        if place is None:
            pytest.skip("a full disk needs a small one, and only root may mount it")
        yield place


def test_a_full_database_answers_what_it_knows_and_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    with servers.postgres(small_disk / "data") as server, servers.cache_server() as cache:
        world = a_world(server, cache, tmp_path)
        with pod(world) as one:
            one.make("spring")
            filler = small_disk / "filler"
            filler.write_bytes(b"\0" * shutil.disk_usage(small_disk).free)
            until(lambda: made_until_full(one), "the database is full", 60)
            before = recorded(world)
            assert [one.ask("/spring").status_code for _ in range(20)] == [302] * 20
            filler.unlink()
            until(lambda: one.ask("/api/v1/links", method="POST", json=TARGET).status_code == 201, "room again")
            until(lambda: recorded(world) == before + 20, "every click is there")


TARGET = {"target": "https://example.org/" + "x" * 1900}


def made_until_full(one: Pod) -> bool:
    """Makes links until the database has no room for one more."""
    refused = one.ask("/api/v1/links", method="POST", json=TARGET)
    if refused.status_code == 201:
        return False
    assert refused.status_code == 503, refused.text
    assert int(refused.headers["retry-after"]) >= 1
    return True
