"""Ten seeded kill points of the operator's real process, end to end; `python -m bench.kill_points` goes through all."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from tests.integration.engine.test_kill_points import STORIES
from tests.support.kill_points import difference_of
from tests.support.sigkill import Killing, Point
from toprope.io.credentials import Connection

SEED = 20261122
POINTS = 10


async def test_ten_seeded_sigkills_end_in_the_same_world(
    connection: Connection, namespaces: Callable[[], str], tmp_path: Path
) -> None:
    killing = Killing(connection, tmp_path, namespaces)
    chance = random.Random(SEED)
    stories = [STORIES["a creation"], STORIES["a new release"], STORIES["a deletion with its data"]]
    undisturbed = await asyncio.gather(*(killing.told(story) for story in stories))
    chosen = [chance.randrange(len(stories)) for _ in range(POINTS)]
    points = [Point(chance.randint(1, undisturbed[which].writes), chance.random() < 0.5) for which in chosen]
    ends = await asyncio.gather(*(killing.told(stories[which], at) for which, at in zip(chosen, points, strict=True)))
    lines = [
        difference_of(undisturbed[which], end, f"{stories[which].after}, {point}")
        for which, point, end in zip(chosen, points, ends, strict=True)
    ]
    assert [line for line in lines if line] == []
