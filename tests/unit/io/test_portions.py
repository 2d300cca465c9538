"""Days of history, asked for in portions that are as large as Prometheus bears."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import isnan

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from toprope.io.portions import in_portions
from toprope.io.prometheus import Prometheus, TooMuch, Unseen, reached

START, DAY = 1_772_000_040, 1440
Samples = list[tuple[float, str]]


class Memory:
    """Answers ranges of up to `bears` evaluations, and remembers what was asked: expression, first, how many."""

    def __init__(self, bears: int, series: Callable[[Samples], list[Samples]] = lambda samples: [samples]) -> None:
        self.bears, self.series = bears, series
        self.asked: list[tuple[str, int, int]] = []

    async def answer(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        start, end, step = (float(form[name]) for name in ("start", "end", "step"))
        count = round((end - start) / step) + 1
        self.asked.append((form["query"], round((start - START) / 60), count))
        if count > self.bears:
            said = {"status": "error", "errorType": "execution", "error": "it would load too many samples into memory"}
            return web.json_response(said, status=422)
        points = [(start + number * step, str((start - START) / 60 + number)) for number in range(count)]
        found = [{"metric": {}, "values": one} for one in self.series(points)]
        return web.json_response({"status": "success", "data": {"resultType": "matrix", "result": found}})


@asynccontextmanager
async def asking(memory: Memory) -> AsyncIterator[Prometheus]:
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{path:.*}", memory.answer)
    async with TestServer(app) as server, Prometheus(reached(str(server.make_url("/")))) as prometheus:
        yield prometheus


def nobody(share: float) -> None:
    """Hears it."""


async def test_a_day_is_asked_for_at_once_and_each_value_has_its_minute() -> None:
    memory, shares = Memory(bears=11_000), list[float]()
    async with asking(memory) as prometheus:
        raw = await in_portions(prometheus, ["a", "b"], START, 2 * DAY + 7, shares.append)
    assert memory.asked == [
        (name, first, count) for name in "ab" for first, count in ((0, DAY), (DAY, DAY), (2 * DAY, 7))
    ]
    assert (raw.start, raw.count, list(raw.answers)) == (START, 2 * DAY + 7, ["a", "b"])
    assert list(raw.answers["b"]) == list(range(2 * DAY + 7))
    assert (len(shares), shares[-1], shares == sorted(shares)) == (6, 1.0, True)


async def test_what_is_too_much_is_halved_and_stays_so_for_that_expression() -> None:
    memory = Memory(bears=400)
    async with asking(memory) as prometheus:
        raw = await in_portions(prometheus, ["a"], START, DAY, nobody)
    assert [count for _, _, count in memory.asked] == [1440, 720, 360, 360, 360, 360]
    assert list(raw.answers["a"]) == list(range(DAY))


async def test_what_is_too_much_even_in_hours_is_given_up() -> None:
    memory = Memory(bears=100)
    async with asking(memory) as prometheus:
        with pytest.raises(TooMuch, match=r"too many samples into memory\. Not even 3 hours at once can be had of sum"):
            await in_portions(prometheus, ["sum(a)"], START, DAY, nobody)
    assert [count for _, _, count in memory.asked] == [1440, 720, 360, 180]


async def test_what_is_not_there_or_no_number_is_nothing() -> None:
    async def values(series: Callable[[Samples], list[Samples]]) -> list[float]:
        async with asking(Memory(11_000, series)) as prometheus:
            return list((await in_portions(prometheus, ["a"], START, 5, nobody)).answers["a"])

    assert all(isnan(one) for one in await values(lambda samples: []))
    spoilt = await values(lambda samples: [[(samples[0][0], "NaN"), (samples[1][0], "+Inf"), samples[3]]])
    assert json.dumps(spoilt) == "[NaN, NaN, NaN, 3.0, NaN]"


async def test_several_series_where_one_can_be_are_not_believed() -> None:
    async with asking(Memory(11_000, lambda samples: [samples, samples])) as prometheus:
        with pytest.raises(Unseen, match="2 series where only one can be: a"):
            await in_portions(prometheus, ["a"], START, 5, nobody)
