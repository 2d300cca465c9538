"""Seeded kill points of the operator's real process, end to end: ten of a life, and one of each release by steps, which
no gate judges here. `python -m bench.kill_points` goes through all."""

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
ROLLOUTS = dict.fromkeys(BARE, 1)


@pytest.mark.parametrize("sample", [LIFE, ROLLOUTS], ids=["ten of a life", "releases by steps"])
async def test_seeded_sigkills_end_in_the_same_world(
    sample: Mapping[str, int], furnished: Floor, connection: Connection, namespaces: Callable[[], str], tmp_path: Path
) -> None:
    killing = Killing(connection, tmp_path, namespaces, "toprope run", asyncio.Semaphore(6))

    async def other(name: str) -> list[str]:
        story = {**STORIES, **BARE}[name]
        undisturbed = await killing.told(story)
        assert not undisturbed.broken, undisturbed.broken
        points = random.Random(f"{SEED} {name}").sample(points_of(undisturbed), sample[name])
        return await killing.differences(name, story, undisturbed, points)

    assert await asyncio.gather(*map(other, sample)) == [[]] * len(sample)
