"""The operator is killed before and after each write of a ShortenerApp's life, and the world ends the same. Of a
rotation's, and of releases by steps, it is a sample: `python -m bench.kill_points` goes through every single one.
"""

from collections.abc import Callable

import pytest

from dev.floor import Fate, Floor, Outcome
from tests.support import canaries
from tests.support.kill_points import Story, differences
from toprope.core.names import ROTATE_CREDENTIALS
from toprope.core.objects import Manifest, annotations_of
from toprope.io.credentials import Connection
from toprope.kinds.shortenerapp.kind import SHORTENER_APP


def serves(live: Manifest) -> bool:
    status = live["status"]
    stated = {one["type"]: one["status"] for one in status.get("conditions", ())}
    return stated.get("Ready") == "True" and status["rollout"]["phase"] == "Idle"


def has_rotated(live: Manifest) -> bool:
    asked = annotations_of(live).get(ROTATE_CREDENTIALS)
    return serves(live) and (live["status"].get("credentials") or {}).get("rotated") == asked


def is_refused(live: Manifest) -> bool:
    """Its first release serves; the second one has failed."""
    phase = "Failed" if live["spec"].get("image") == REFUSED else "Idle"
    stated = {one["type"]: one["status"] for one in live["status"].get("conditions", ())}
    return stated.get("Ready") == "True" and live["status"]["rollout"]["phase"] == phase


REFUSED = "registry.example.com/refused-at-every-write:1"
ROUTED = {"traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["links.localhost"]}}
EVERY, MANY, SOME = 1.0, 0.3, 0.05
"""Of the kill points of a life, of a rotation's, and of those of a release by steps."""
STORIES = {
    "a creation": Story(SHORTENER_APP, serves, None, {}),
    "a new release": Story(SHORTENER_APP, serves, ROUTED, {**ROUTED, "settings": {"slugLength": 9}}),
    "a refused release": Story(SHORTENER_APP, is_refused, ROUTED, {**ROUTED, "image": REFUSED}),
    "a deletion": Story(SHORTENER_APP, serves, {}, None),
    "a deletion with its data": Story(SHORTENER_APP, serves, {"database": {"embedded": {"reclaim": "Delete"}}}, None),
}
LEAPING = {"a rotation": Story(SHORTENER_APP, has_rotated, {}, {}, {ROTATE_CREDENTIALS: "monday"})}
"""Stories of minutes, for an engine whose clock leaps over them."""


@pytest.mark.parametrize("name", [*STORIES, *LEAPING])
async def test_a_killed_operator_ends_in_the_same_world(
    name: str, furnished: Floor, connection: Connection, namespaces: Callable[[], str]
) -> None:
    furnished.decree(REFUSED, Fate(Outcome.FAILS, "PodFailurePolicy", "Container check failed with exit code 3"))
    share = EVERY if name in STORIES else MANY
    tried, other = await differences((STORIES | LEAPING)[name], connection, namespaces, share)
    assert (tried > 1, other) == (True, [])


@pytest.mark.parametrize("name", [*canaries.STORIES, *canaries.JUDGED])
async def test_a_killed_operator_skips_and_repeats_no_step(
    name: str, furnished: Floor, connection: Connection, namespaces: Callable[[], str]
) -> None:
    story = (canaries.STORIES | canaries.JUDGED)[name]
    tried, other = await differences(story, connection, namespaces, SOME)
    assert (tried > 1, other) == (True, [])
