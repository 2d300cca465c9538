"""What the ledger keeps, when it rings, and what it says when Prometheus does not."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.support.ledgers import AVAILABILITY, LINKS, SLO, World, a_resource
from tests.support.measured import NOW
from toprope.core.measured import Blindness, Measured
from toprope.io.ledger import EAGER, EVERY, NoPrometheus
from toprope.io.prometheus import Unseen
from toprope.io.recorded import HISTORY, QUERIES
from toprope.slo.budget import State
from toprope.slo.promise import promise_of
from toprope.slo.rules import BUCKET, MEANING, OBJECTIVE, TOTAL_RATE, Identity, Ruled, group
from toprope.slo.sli import Counted, sli_of
from toprope.slo.windows import DAY


async def test_a_look_costs_a_handful_of_requests_however_many_resources_there_are() -> None:
    world = World()
    world.prometheus.recorded = [Identity("shop", "Tiny", f"links-{n}", "availability") for n in range(200)]
    for one in world.prometheus.recorded:
        world.of(one.name)
    await world.later()
    assert len(world.prometheus.asked) == 1 + len(QUERIES) + len(HISTORY) + 1 + 1
    world.prometheus.asked.clear()
    await world.later(seconds=20)
    assert len(world.prometheus.asked) == 1 + len(QUERIES) + 1
    assert len(world.ledger.readings) == 200


@pytest.mark.parametrize("skew", [500, -500, 86400])
async def test_numbers_carry_the_operators_time(skew: float) -> None:
    world = World()
    world.prometheus.skew, world.prometheus.history = skew, 5 * DAY
    world.of()
    await world.later()
    numbers = world.of().numbers["availability"]
    assert numbers.evaluated
    assert numbers.since
    assert abs(numbers.evaluated.at - (NOW - timedelta(seconds=10))) < timedelta(milliseconds=1)
    assert abs(numbers.since - (NOW - timedelta(days=5))) < timedelta(milliseconds=1)
    assert (world.state(), world.of().retention) == (State.MET, timedelta(days=15))


@pytest.mark.parametrize(
    ("sentence", "begun", "days"),
    [
        ("it has always counted the same", {"fast": 20}, 20),
        ("it counted something else before", {"slow": 20, "fast": 3}, 3),
        ("an earlier operator did not say what it counted", {"": 20, "fast": 3}, 20),
        ("and something else in between", {"": 20, "slow": 10, "fast": 3}, 20),
    ],
)
async def test_the_history_is_that_of_what_is_counted(sentence: str, begun: dict[str, float], days: int) -> None:
    world = World()
    world.prometheus.sli = {MEANING: "fast"}
    world.prometheus.begun = {sli: ago * DAY for sli, ago in begun.items()}
    world.of()
    await world.later()
    since = world.of().numbers["availability"].since
    assert since
    assert abs(since - (NOW - timedelta(days=days))) < timedelta(milliseconds=1)


async def test_a_history_begins_anew_at_once_when_something_else_is_counted() -> None:
    world = World()
    world.prometheus.sli, world.prometheus.begun = {MEANING: "slow"}, {"slow": 20 * DAY}
    world.of()
    await world.later()
    world.prometheus.sli = {MEANING: "fast"}
    await world.later(minutes=1)
    since = world.of().numbers["availability"].since
    assert since
    assert world.hands.now() - since < timedelta(minutes=1)
    assert world.rung[-1] == (LINKS, "Metrics")


async def test_a_clock_that_is_set_while_it_is_looked_at_makes_no_number_old() -> None:
    world = World()
    world.of()
    await world.later()
    world.prometheus.skew = -3600
    await world.later(seconds=20)
    assert (world.state(), world.rung[1:]) == (State.MET, [])


async def test_a_bell_rings_when_a_number_moved_and_only_then() -> None:
    world = World()
    await world.later()
    world.of()
    await world.later(seconds=20)
    assert world.rung == []
    world.prometheus.ratio = 0.00051
    await world.later(seconds=20)
    assert world.rung == [(LINKS, "Metrics")]
    await world.later(seconds=20)
    assert len(world.rung) == 1


@pytest.mark.parametrize(
    "change", [{"rules": "version2"}, {"silent": {TOTAL_RATE}}, {"silent": {OBJECTIVE}}, {"silent": {BUCKET}}]
)
async def test_a_bell_rings_when_other_facts_change(change: dict[str, Any]) -> None:
    world = World()
    await world.later()
    world.of()
    for name, value in change.items():
        setattr(world.prometheus, name, value)
    await world.later(seconds=20)
    assert world.rung == [(LINKS, "Metrics")]


async def test_a_bell_is_that_of_the_label_of_a_long_name() -> None:
    world, name = World(), "l" * 100
    world.of(name)
    world.prometheus.recorded = [Identity("shop", "Tiny", name, "availability")]
    await world.later()
    assert len(world.rung[0][0][2]) <= 63


async def test_before_the_first_answer_nothing_is_known() -> None:
    world = World()
    world.prometheus.failing["all"] = Unseen("refused")
    assert world.of() == Measured(blind=Blindness(NOW, "It has not answered yet."))
    await world.later(seconds=1)
    assert world.of() == Measured(blind=Blindness(NOW, "refused"))


async def test_a_restart_of_prometheus_is_no_blindness() -> None:
    world = World()
    await world.later()
    world.of()
    world.prometheus.failing["all"] = Unseen("refused")
    for _ in range(3):
        await world.later(seconds=20)
    assert (world.rung, world.of().blind) == ([], None)


async def test_blindness_says_since_when_and_gives_no_old_numbers() -> None:
    world = World()
    await world.later()
    world.of()
    world.prometheus.failing[QUERIES[-1]] = Unseen("no answer")
    for _ in range(5):
        await world.later(seconds=20)
    assert world.rung == [(LINKS, "Metrics")]
    assert world.of() == Measured(blind=Blindness(NOW, "no answer"))
    assert world.state() is State.NO_DATA
    assert world.ledger.readings[0].newest is not None
    world.prometheus.failing.clear()
    await world.later(seconds=20)
    assert (len(world.rung), world.state()) == (2, State.MET)
    assert world.prometheus.asked.count("history") == 2 * len(HISTORY)


NAME = AVAILABILITY.group


@pytest.mark.parametrize(
    ("sentence", "silent", "loaded", "said"),
    [
        ("no Prometheus selects them", {OBJECTIVE, TOTAL_RATE}, {}, (False, None)),
        ("one of them cannot be evaluated", {TOTAL_RATE}, {NAME: "many-\nto-many"}, (True, "many- to-many")),
        ("nothing is wrong but that nothing is there", {TOTAL_RATE}, {NAME: None}, (True, None)),
    ],
)
async def test_silence_is_explained_after_two_minutes(
    sentence: str, silent: set[str], loaded: dict[str, str | None], said: tuple[bool, str | None]
) -> None:
    world = World()
    world.prometheus.silent, world.prometheus.loaded = silent, loaded
    world.of()
    for _ in range(2):
        await world.later(minutes=1)
    assert "groups" not in world.prometheus.asked
    for _ in range(2):
        await world.later(minutes=1)
    numbers = world.of().numbers["availability"]
    assert (numbers.loaded, numbers.failing) == said
    assert world.prometheus.asked.count("groups") == (2 if numbers.failing else 1)
    assert world.rung[-1] == (LINKS, "Metrics")


async def test_an_explanation_ends_with_the_silence() -> None:
    world = World()
    world.prometheus.silent = {OBJECTIVE}
    world.of()
    for _ in range(4):
        await world.later(minutes=1)
    world.prometheus.silent = set()
    await world.later(minutes=1)
    assert world.of().numbers["availability"].loaded is None


async def test_a_resource_that_nobody_asks_about_is_forgotten() -> None:
    world = World()
    world.of()
    await world.later()
    before = len(world.ledger.readings)
    await world.later(minutes=31)
    assert (before, len(world.ledger.readings)) == (1, 0)


async def test_it_looks_for_as_long_as_it_is_kept() -> None:
    world = World()
    world.prometheus.failing["all"] = Unseen("refused")
    keeping = asyncio.create_task(world.ledger.keep())
    await asyncio.wait_for(world.ledger.looked.wait(), 10)
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
    assert world.prometheus.asked == ["clock"]


async def test_it_looks_more_often_while_somebody_waits_for_the_first_numbers() -> None:
    world = World()
    assert world.ledger.pause() == EVERY
    world.prometheus.failing["all"] = Unseen("refused")
    world.of()
    assert world.ledger.pause() == EAGER
    await world.later(minutes=6)
    world.of()
    assert world.ledger.pause() == EVERY
    world.of("late")
    assert world.ledger.pause() == EAGER


async def test_nobody_waits_for_numbers_that_are_there() -> None:
    world = World()
    await world.later()
    world.of()
    assert world.ledger.pause() == EVERY


async def test_a_mistake_of_ours_ends_no_looks() -> None:
    world = World()
    world.of()
    world.prometheus.failing["clock"] = ZeroDivisionError()
    await world.later()
    assert world.of().blind
    world.prometheus.failing.clear()
    await world.later()
    assert world.of().blind is None


def test_without_prometheus_nothing_is_known() -> None:
    assert NoPrometheus().of(a_resource("links", [SLO])) == Measured(blind=Blindness(None, ""))


def test_a_group_is_called_as_the_rules_call_it() -> None:
    sli = sli_of(SLO, Counted("shop", 'namespace="shop"', {"redirect": ("/{slug}",)}))
    assert group(Ruled(AVAILABILITY, sli, promise_of(SLO)))["name"] == NAME


async def test_a_prometheus_that_is_too_slow_is_not_seen() -> None:
    world = World()
    world.prometheus.failing[QUERIES[0]] = TimeoutError()
    await world.later()
    assert world.of() == Measured(blind=Blindness(NOW, "It took longer than 30 s to answer."))
