"""Since when there is a history of an SLO, and how far back Prometheus remembers."""

from datetime import timedelta
from math import inf, nan

import pytest

from tests.support.ledgers import AVAILABILITY, World
from toprope.io.ledger import span_of
from toprope.io.prometheus import Unseen
from toprope.slo.windows import DAY


async def test_a_history_is_asked_for_and_not_guessed() -> None:
    world = World()
    world.prometheus.history, world.prometheus.failing["history"] = 5 * DAY, Unseen("too much")
    await world.later()
    assert world.of().numbers["availability"].since is None
    world.prometheus.failing.clear()
    await world.later(minutes=5)
    since = world.of().numbers["availability"].since
    assert since
    assert abs(world.hands.now() - since - timedelta(days=5)) < timedelta(seconds=1)


async def test_what_was_seen_to_begin_is_not_asked_better() -> None:
    world = World()
    world.prometheus.recorded = []
    await world.later()
    world.prometheus.recorded = [AVAILABILITY]
    await world.later(minutes=1)
    first = world.of().numbers["availability"].since
    world.prometheus.history = 30 * 60
    await world.later(minutes=60)
    assert world.of().numbers["availability"].since == first


async def test_a_prometheus_that_forgot_begins_anew() -> None:
    world = World()
    world.prometheus.history = 5 * DAY
    await world.later()
    world.prometheus.history = 60
    await world.later(hours=1)
    since = world.of().numbers["availability"].since
    assert since
    assert abs(world.hands.now() - since - timedelta(seconds=60)) < timedelta(seconds=1)


@pytest.mark.parametrize("nonsense", [nan, inf, 1e300])
async def test_a_history_that_cannot_be_is_as_good_as_none(nonsense: float) -> None:
    world = World()
    world.prometheus.history = nonsense
    await world.later()
    told = world.of()
    assert (told.blind, told.numbers["availability"].since) == (None, None)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("15d", timedelta(days=15)),
        ("30d or 10GiB", timedelta(days=30)),
        ("1y2w3d12h", timedelta(days=365 + 14 + 3, hours=12)),
        ("500ms", timedelta(milliseconds=500)),
        ("99999999999y", timedelta(days=36500)),
        (f"{'9' * 5000}y", None),
        ("10GiB", None),
        ("", None),
    ],
)
def test_retention_is_read_as_prometheus_writes_it(text: str, span: timedelta | None) -> None:
    assert span_of(text) == span
