"""Seeded kill points of the operator's real process, end to end: ten of a life, ten of releases by steps, which no gate
judges here. `python -m bench.kill_points` goes through all."""

import asyncio
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dev.floor import Floor
from tests.integration.kinds.test_kill_points import STORIES
from tests.support import canaries
from tests.support.kill_points import Story
from tests.support.sigkill import Killing, points_of
from toprope.io.credentials import Connection

SEED = 20261122
BARE: Mapping[str, Story] = {name: canaries.unjudged(story) for name, story in canaries.STORIES.items()}
LIFE = {"a creation": 4, "a new release": 4, "a deletion": 2}
ROLLOUTS = {"a canary": 4, "an abort": 2, "another release in mid-rollout": 2, "back to stable in mid-rollout": 2}


@pytest.mark.parametrize("ten", [LIFE, ROLLOUTS], ids=["a life", "releases by steps"])
async def test_ten_seeded_sigkills_end_in_the_same_world(
    ten: Mapping[str, int], furnished: Floor, connection: Connection, namespaces: Callable[[], str], tmp_path: Path
) -> None:
    killing = Killing(connection, tmp_path, namespaces, "toprope run", asyncio.Semaphore(6))

    async def other(name: str) -> list[str]:
        story = {**STORIES, **BARE}[name]
        undisturbed = await killing.told(story)
        assert not undisturbed.broken, undisturbed.broken
        points = random.Random(f"{SEED} {name}").sample(points_of(undisturbed), ten[name])
        return await killing.differences(name, story, undisturbed, points)

    assert await asyncio.gather(*map(other, ten)) == [[]] * len(ten)
