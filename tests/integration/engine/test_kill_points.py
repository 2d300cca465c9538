"""The operator is killed before and after every single write; the next start ends in the same world."""

from collections.abc import Callable

import pytest

from tests.support.kill_points import Story, differences
from tests.support.tiny import TINY
from toprope.core.objects import Manifest
from toprope.io.credentials import Connection


def standing(live: Manifest) -> bool:
    return bool(live["status"].get("revision"))


STORIES = {
    "a creation": Story(TINY, standing, None, {"text": "one"}),
    "a new release": Story(TINY, standing, {"text": "one"}, {"text": "two", "port": 81}),
    "data that is amended": Story(TINY, standing, {"text": "one"}, {"text": "one", "stamp": "new"}),
    "a deletion": Story(TINY, standing, {"text": "one"}, None),
    "a deletion with its data": Story(TINY, standing, {"text": "one", "reclaim": "Delete"}, None),
}


@pytest.mark.parametrize("name", STORIES)
async def test_a_killed_operator_ends_in_the_same_world(
    name: str, connection: Connection, namespaces: Callable[[], str]
) -> None:
    _, other = await differences(STORIES[name], connection, namespaces)
    assert other == []
