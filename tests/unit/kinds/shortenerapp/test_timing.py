"""When a ShortenerApp is looked at again if nobody rings."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.shorteners import NOW, not_ready, settled, told
from toprope.kinds.shortenerapp.decide import decide
from toprope.kinds.shortenerapp.timing import QUIET, TROUBLED, WEARY

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
