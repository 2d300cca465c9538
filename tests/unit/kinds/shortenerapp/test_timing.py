"""When a ShortenerApp is looked at again if nobody rings."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.shorteners import (
    EXTERNAL,
    NOW,
    Paper,
    Spoiling,
    a_shortener,
    changed,
    not_ready,
    secret_changed,
    settled,
    told,
    with_spec,
)
from toprope.delivery.machine.rollout import READY_WITHIN, Phase
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.serving.decide import decide
from toprope.serving.seen import Seen
from toprope.serving.timing import NEAR, QUIET, TROUBLED, WEARY

RESOURCE, SEEN = settled()
DOWN = not_ready("StatefulSet", "links-database")(SEEN)


def test_a_quiet_one_is_left_in_peace() -> None:
    assert decide(RESOURCE, SEEN, NOW).again == QUIET


def test_trouble_makes_it_look_closer_at_once() -> None:
    assert decide(RESOURCE, DOWN, NOW).again == timedelta(0)


@pytest.mark.parametrize(
    ("after", "again"),
    [(timedelta(seconds=5), TROUBLED), (timedelta(minutes=4), timedelta(minutes=1)), (timedelta(hours=3), WEARY)],
)
def test_old_trouble_is_looked_at_less_often(after: timedelta, again: timedelta) -> None:
    troubled = replace(RESOURCE, status=told(RESOURCE, decide(RESOURCE, DOWN, NOW), NOW))
    assert decide(troubled, DOWN, NOW + after).again == again


def test_trouble_that_is_new_is_looked_at_soon_however_long_all_was_well() -> None:
    resource, seen = settled(EXTERNAL, my_database=["owner-uri", "app-uri"], my_cache=["uri"])
    long_after = decide(resource, secret_changed("my-cache", None)(seen), NOW + timedelta(days=30))
    assert long_after.again == TROUBLED


def waits(spoil: Spoiling) -> tuple[Paper, list[timedelta]]:
    """How a candidate that waits is looked at, until it has failed."""
    paper = Paper(a_shortener()).settle()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    began, pauses = paper.now, [paper.pass_once().again, paper.pass_once().again]
    while paper.resource.status.rollout.phase == Phase.PREPARING:
        paper.now += pauses[-1]
        pauses.append(paper.pass_once(spoil).again)
    assert paper.now - began == READY_WITHIN
    return paper, pauses[2:]


def candidate_down(seen: Seen) -> Seen:
    name = f"links-web-{revision_of_spec(with_spec(a_shortener(), {'settings': {'slugLength': 9}}).spec)}"
    return changed("Deployment", name, {"status": {"readyReplicas": None}})(seen)


def test_a_candidate_in_trouble_is_looked_at_as_any_trouble_is_until_and_after_it_has_failed() -> None:
    _, pauses = waits(candidate_down)
    assert pauses[1:4] == [TROUBLED] * 3
    assert max(pauses) < READY_WITHIN / 4
    assert pauses[-1] == TROUBLED


def test_endpoints_are_looked_for_every_moment_until_the_candidate_has_failed() -> None:
    _, pauses = waits(lambda seen: replace(seen, endpoints=frozenset()))
    assert {*pauses[1:-1]} == {NEAR}
    assert pauses[-1] == TROUBLED
