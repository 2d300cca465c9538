"""What a worker does beside answering goes on, or the worker goes."""

import asyncio

import pytest

from workloads.shortener.tests.conftest import World, running_with
from workloads.shortener.tests.servers import eventually

pytestmark = pytest.mark.integration


async def test_a_database_whose_schema_comes_later_ends_no_worker(world: World) -> None:
    world.sql("ALTER SCHEMA shortener RENAME TO later")
    async with running_with(world, heard=False) as running:
        await eventually(lambda: running.parts.channel.fresh, "the worker listens")
        world.sql("ALTER SCHEMA later RENAME TO shortener")
        await eventually(lambda: running.parts.shared.trusted, "the worker trusts the cache")
        assert not running.parts.worker.failed.is_set()


async def test_a_task_that_ends_by_itself_ends_the_worker(world: World) -> None:
    async with running_with(world) as running:
        # No click: the task that writes them breaks.
        running.parts.clicks.add(None)  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            await running.parts.worker.failed.wait()
