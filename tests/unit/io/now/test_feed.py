"""Who counts for an SLO: no request is told twice, and none is lost while somebody else takes over."""

from collections.abc import Sequence
from typing import Any

import pytest

from toprope.delivery.gate.counts import Counts
from toprope.io.now.feed import Counter, Feed, Grown
from toprope.slo.now import Count

BOTH = Grown(Count(10, 1), Count(90, 2))
"""What came at each look."""
BLIND = Grown(None, None)
ONE = (Counts(10, 1), Counts(90, 2))
TWO = (Counts(20, 2), Counts(180, 4))
Looks = Sequence[dict[Counter, Grown]]
P, G = Counter.PODS, Counter.GATEWAY


def told(looks: Looks, *, knows: bool = True) -> Sequence[Any]:
    """What a feed tells after each of these looks, a second apart, and who counted."""
    feed = Feed()
    return [(feed.told(at, by, knows), feed.counter) for at, by in enumerate(looks)]


def test_pods_count_where_no_gateway_does() -> None:
    assert told([{P: BOTH}, {P: BOTH, G: BOTH}], knows=False) == [(ONE, P), (ONE, P)]


def test_the_gateway_counts_where_it_knows_the_route() -> None:
    double = Grown(Count(20, 2), Count(180, 4))
    assert told([{P: BOTH, G: double}, {P: BOTH, G: double}]) == [(TWO, G), (TWO, G)]


def test_a_page_of_the_gateways_that_is_missed_is_made_up_for() -> None:
    double = Grown(Count(20, 2), Count(180, 4))
    assert told([{P: BOTH, G: BOTH}, {P: BOTH}, {P: BOTH, G: double}]) == [(ONE, G), (None, G), (TWO, G)]


def test_pods_take_over_from_what_was_told_last() -> None:
    four = (Counts(40, 4), Counts(360, 8))
    looks = [{P: BOTH, G: BOTH}, *[{P: BOTH}] * 5]
    assert told(looks) == [(ONE, G), (None, G), (None, G), (None, G), (four, P), (ONE, P)]


def test_the_gateway_decides_again_one_look_after_it_is_back() -> None:
    made_up = Grown(Count(60, 6), Count(540, 12))
    looks = [{P: BOTH, G: BOTH}, *[{P: BOTH}] * 4, {P: BOTH, G: made_up}, {P: BOTH, G: BOTH}]
    assert told(looks)[-2:] == [(ONE, P), (ONE, G)]


@pytest.mark.parametrize("knows", [True, False])
def test_nothing_is_told_while_nobody_sees_the_candidate(knows: bool) -> None:
    gone = {P: Grown(None, Count(90, 2))}
    looks = [{P: BOTH}, gone, {P: BOTH}]
    assert [one for one, _ in told(looks, knows=knows)] == ([None] * 3 if knows else [ONE, None, (ONE[0], TWO[1])])


def test_stable_that_was_missed_begins_where_it_is_seen_again() -> None:
    gone = {P: Grown(Count(10, 1), None)}
    found = told([{P: BOTH}, gone, {P: BOTH}, {P: BOTH}], knows=False)
    assert [one for one, _ in found] == [ONE, (ONE[0], None), (ONE[0], Counts()), ONE]


def test_what_the_candidate_lost_is_added_up() -> None:
    feed = Feed()
    for at in range(4):
        feed.told(at, {P: BOTH}, gateway_knows=False)
    assert feed.lost == 4
