"""When the loop looks again: told by outcomes, not by a clock on the wall."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.support.tiny import TINY
from toprope.core.errors import Conflict, Transient
from toprope.core.objects import Ref
from toprope.engine.loop import Loop
from toprope.engine.one_pass import Outcome, Result
from toprope.kind import Kind

LINKS = Ref(TINY.resource, "shop", "links")
OWNER = ("shop", "Tiny", "links")
LONG = timedelta(hours=1)
DONE = Outcome(Result.DONE, LONG)


class Passes:
    """Plays outcomes, and counts."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self.outcomes = list(outcomes)
        self.failures: list[int] = []
        self.done = asyncio.Semaphore(0)

    async def run(self, kind: Kind, ref: Ref, failures: int) -> Outcome:
        self.failures.append(failures)
        self.done.release()
        return self.outcomes.pop(0) if self.outcomes else DONE

    async def were(self, count: int) -> None:
        async with asyncio.timeout(10):
            for _ in range(count):
                await self.done.acquire()


class Journal:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.partings: list[str] = []
        self.bells: list[str] = []

    def passed(self, kind: str, result: str, seconds: float) -> None:
        self.results.append(result)

    def parted(self, kind: str, result: str) -> None:
        self.partings.append(result)

    def rang(self, kind: str, why: str) -> None:
        self.bells.append(why)


@asynccontextmanager
async def kept(passes: Passes, journal: Journal | None = None) -> AsyncIterator[Loop]:
    loop = Loop(passes.run, journal or Journal())
    task = asyncio.create_task(loop.keep(TINY, LINKS))
    try:
        yield loop
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_quiet_resource_is_looked_at_once() -> None:
    passes, journal = Passes([]), Journal()
    async with kept(passes, journal) as loop:
        await passes.were(1)
        assert loop.kept == 1
    assert journal.results == ["Done"]
    assert loop.kept == 0


async def test_a_bell_wakes_it() -> None:
    passes, journal = Passes([]), Journal()
    async with kept(passes, journal) as loop:
        await passes.were(1)
        loop.ring(OWNER, "Service")
        await passes.were(1)
    assert journal.bells == ["Service"]


async def test_many_bells_are_one_pass() -> None:
    passes = Passes([])
    async with kept(passes) as loop:
        await passes.were(1)
        for _ in range(100):
            loop.ring(OWNER, "Service")
        await passes.were(1)
    assert len(passes.failures) == 2


async def test_a_status_that_moved_is_followed_at_once() -> None:
    passes = Passes([Outcome(Result.DONE, timedelta(0))])
    async with kept(passes):
        await passes.were(2)


async def test_a_conflict_is_looked_at_again_at_once() -> None:
    passes = Passes([Outcome(Result.CONFLICT, LONG, Conflict("moved"))] * 3)
    async with kept(passes):
        await passes.were(4)
    assert passes.failures == [0, 0, 0, 0]


@pytest.mark.parametrize("result", [Result.TRANSIENT, Result.REFUSED, Result.BUG])
async def test_trouble_is_not_looked_at_again_at_once(result: Result) -> None:
    passes = Passes([Outcome(result, timedelta(0), Transient("away"))])
    async with kept(passes) as loop:
        await passes.were(1)
        loop.ring(OWNER, "Service")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(passes.were(1), 0.3)


async def test_failures_are_counted_for_the_next_pass() -> None:
    passes = Passes([Outcome(Result.TRANSIENT, LONG, Transient("away"))])
    async with kept(passes):
        await passes.were(2)
    assert passes.failures == [0, 1]


async def test_a_bell_of_nobody_is_ignored() -> None:
    journal = Journal()
    Loop(Passes([]).run, journal).ring(OWNER, "Service")
    assert journal.bells == []


async def test_a_second_keeper_of_a_name_ends_the_first() -> None:
    passes = Passes([])
    loop = Loop(passes.run, Journal())
    first = asyncio.create_task(loop.keep(TINY, LINKS))
    await passes.were(1)
    second = asyncio.create_task(loop.keep(TINY, LINKS))
    await asyncio.wait_for(first, 10)
    await passes.were(1)
    loop.ring(OWNER, "Service")
    await passes.were(1)
    assert (loop.kept, len(passes.failures)) == (1, 3)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert loop.kept == 0


async def test_nothing_unfinished_has_no_age() -> None:
    passes = Passes([])
    async with kept(passes) as loop:
        await passes.were(1)
        await asyncio.sleep(0)
        assert loop.oldest_unfinished() == 0.0


async def test_letting_go_is_tried_until_it_is_done_and_is_no_pass() -> None:
    journal = Journal()
    tries = [Outcome(Result.TRANSIENT, LONG, Transient("away")), Outcome(Result.DONE, LONG)]
    failures = []

    async def attempt(before: int) -> Outcome:
        failures.append(before)
        return tries.pop(0)

    async with asyncio.timeout(10):
        await Loop(Passes([]).run, journal).part(TINY, LINKS, attempt)
    assert failures == [0, 1]
    assert (journal.partings, journal.results) == (["Transient", "Done"], [])


async def test_a_farewell_that_hangs_has_an_age() -> None:
    loop, began = Loop(Passes([]).run, Journal()), asyncio.Event()

    async def attempt(before: int) -> Outcome:
        began.set()
        return await asyncio.Future()

    parting = asyncio.create_task(loop.part(TINY, LINKS, attempt))
    await began.wait()
    assert loop.oldest_unfinished() > 0.0
    parting.cancel()
    await asyncio.gather(parting, return_exceptions=True)
    assert loop.oldest_unfinished() == 0.0
