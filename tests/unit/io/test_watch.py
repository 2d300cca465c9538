"""How soon a watch that broke is tried again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from toprope.core.errors import Transient
from toprope.core.objects import SERVICE
from toprope.io.api import Api, Request
from toprope.io.store import Store
from toprope.io.watch import SHORTEST_WATCH, Reflector


class Cut:
    """An API server whose watches live as long as it is told, and then break; it says when each of them began."""

    def __init__(self, *lives: float) -> None:
        self.lives = list(lives)
        self.began: list[float] = []
        self.done = asyncio.Event()

    async def call(self, request: Request) -> Any:
        return {"items": [], "metadata": {"resourceVersion": "1"}}

    @asynccontextmanager
    async def lines(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        self.began.append(asyncio.get_running_loop().time())
        if not self.lives:
            self.done.set()
            await asyncio.Future()
        await asyncio.sleep(self.lives.pop(0))
        raise Transient("cut")
        yield


async def pauses(*lives: float) -> list[float]:
    """Seconds between the end of each watch and the beginning of the next."""
    api = Cut(*lives)
    reflector = Reflector(cast("Api", api), Store(lambda owner, why: None, [SERVICE]), SERVICE, None)
    task = asyncio.create_task(reflector.run())
    async with asyncio.timeout(30):
        await api.done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    ends = [begin + life for begin, life in zip(api.began, lives, strict=False)]
    return [begin - end for begin, end in zip(api.began[1:], ends, strict=True)]


async def test_a_watch_is_tried_ever_later_until_one_has_worked_and_then_as_after_the_first_failure() -> None:
    first, second, cut = await pauses(0.0, 0.0, SHORTEST_WATCH + 0.05)
    assert first >= 0.5
    assert second >= 1.0
    assert 0.5 <= cut < 2.0  # a third failure would have been followed by two seconds at least
