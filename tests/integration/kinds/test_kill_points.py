"""The operator is killed before and after every single write of a ShortenerApp's life; the world ends the same."""

from collections.abc import Callable

import pytest

from dev.floor import Floor
from tests.support.kill_points import Story, differences
from toprope.core.objects import Manifest
from toprope.io.credentials import Connection
from toprope.kinds.shortenerapp.kind import SHORTENER_APP


def serves(live: Manifest) -> bool:
    status = live["status"]
    stated = {one["type"]: one["status"] for one in status.get("conditions", ())}
    return stated.get("Ready") == "True" and status["rollout"]["phase"] == "Idle"


STORIES = {
    "a creation": Story(SHORTENER_APP, serves, None, {}),
    "a new release": Story(SHORTENER_APP, serves, {}, {"settings": {"slugLength": 9}}),
    "a deletion": Story(SHORTENER_APP, serves, {}, None),
    "a deletion with its data": Story(SHORTENER_APP, serves, {"database": {"embedded": {"reclaim": "Delete"}}}, None),
}


@pytest.mark.parametrize("name", STORIES)
async def test_a_killed_operator_ends_in_the_same_world(
    name: str, furnished: Floor, connection: Connection, namespaces: Callable[[], str]
) -> None:
    assert await differences(STORIES[name], connection, namespaces) == []
