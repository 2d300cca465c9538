"""Ten seeded kill points of the operator's real process, end to end; `python -m bench.kill_points` goes through all."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from dev.floor import Floor
from tests.integration.kinds.test_kill_points import STORIES
from tests.support.sigkill import Killing, points_of
from toprope.io.credentials import Connection

SEED = 20261122
TEN = {"a creation": 4, "a new release": 4, "a deletion": 2}


async def test_ten_seeded_sigkills_end_in_the_same_world(
    furnished: Floor, connection: Connection, namespaces: Callable[[], str], tmp_path: Path
) -> None:
    killing = Killing(connection, tmp_path, namespaces, "toprope run", asyncio.Semaphore(6))

    async def other(name: str) -> list[str]:
        undisturbed = await killing.told(STORIES[name])
        points = random.Random(f"{SEED} {name}").sample(points_of(undisturbed), TEN[name])
        return await killing.differences(name, STORIES[name], undisturbed, points)

    assert await asyncio.gather(*map(other, TEN)) == [[], [], []]
