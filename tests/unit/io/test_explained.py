"""What Prometheus says of the rules: who is asked about, when, and what is kept of the answer."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.support.ledgers import AVAILABILITY, Hands, Told, World
from tests.support.measured import NOW
from toprope.io.explained import AGAIN, FAILING_AGAIN, PORTION, SILENT_FOR, Explained, Explanations
from toprope.io.prometheus import Unseen
from toprope.slo.rules import Identity

NAME = AVAILABILITY.group
SEEN: Mapping[Identity, bool] = {AVAILABILITY: True}
SILENT: Mapping[Identity, bool] = {AVAILABILITY: False}
BROKEN = "slo:bad:rate5m: many-to-many"


class Asking:
    """Explanations of a Prometheus that remembers what it was asked about."""

    def __init__(self, **loaded: str | None) -> None:
        self.prometheus = Told(Hands())
        self.prometheus.loaded = dict(loaded)
        self.explanations = Explanations(self.prometheus)

    async def at(self, after: timedelta, wanted: Mapping[Identity, bool] = SEEN) -> Explained | None:
        await self.explanations.ask(wanted, NOW + after)
        return self.explanations.of(AVAILABILITY)

    @property
    def times(self) -> int:
        return self.prometheus.asked.count("groups")


AT_ONCE, A_MOMENT = timedelta(), timedelta(seconds=20)


async def test_of_rules_that_record_numbers_it_is_known_which_fails() -> None:
    asking = Asking(**{NAME: BROKEN})
    assert await asking.at(AT_ONCE) == Explained(NOW, None, BROKEN)


async def test_rules_that_somebody_else_evaluates_are_not_called_missing() -> None:
    assert await Asking().at(AT_ONCE) == Explained(NOW, None, None)


@pytest.mark.parametrize(("error", "holds"), [(None, AGAIN), (BROKEN, FAILING_AGAIN)])
async def test_an_answer_holds_for_a_while(error: str | None, holds: timedelta) -> None:
    asking = Asking(**{NAME: error})
    for after in (AT_ONCE, A_MOMENT, holds - A_MOMENT):
        await asking.at(after)
    assert asking.times == 1
    await asking.at(holds)
    assert asking.times == 2


async def test_all_are_asked_about_in_portions_and_the_silent_ones_first() -> None:
    others = {Identity("shop", "Tiny", f"links-{n}", "a"): True for n in range(2 * PORTION)}
    asking = Asking()
    await asking.at(AT_ONCE, SILENT)
    first = await asking.at(SILENT_FOR, {**others, **SILENT})
    assert first == Explained(NOW + SILENT_FOR, False, None)
    for turn in range(1, 5):
        await asking.at(SILENT_FOR + turn * A_MOMENT, {**others, **SILENT})
    assert [len(names) for names in asking.prometheus.groups_asked] == [PORTION, PORTION, 1]
    assert set(Counter(name for names in asking.prometheus.groups_asked for name in names).values()) == {1}


async def test_an_old_prometheus_that_tells_of_all_is_not_asked_again_for_each() -> None:
    others = {Identity("shop", "Tiny", f"links-{n}", "a"): True for n in range(2 * PORTION)}
    asking = Asking(**{one.group: None for one in others})
    for turn in range(4):
        await asking.at(turn * A_MOMENT, others)
    assert asking.times == 1


@pytest.mark.parametrize(("before", "after"), [(SILENT, SEEN), (SEEN, SILENT)])
async def test_why_somebody_is_silent_is_forgotten_when_he_speaks_and_what_he_said_when_he_does_not(
    before: Mapping[Identity, bool], after: Mapping[Identity, bool]
) -> None:
    asking = Asking()
    await asking.at(AT_ONCE, before)
    known = await asking.at(SILENT_FOR, before)
    now = await asking.at(SILENT_FOR + A_MOMENT, after)
    assert known
    assert now is None or now.loaded is not known.loaded


async def test_who_is_not_asked_for_any_more_is_forgotten() -> None:
    asking = Asking()
    await asking.at(AT_ONCE)
    assert await asking.at(A_MOMENT, {}) is None


async def test_a_prometheus_that_does_not_tell_blinds_nobody_and_is_asked_again_later() -> None:
    world = World()
    world.prometheus.failing["groups"] = Unseen("404")
    world.of()
    for _ in range(10):
        await world.later(seconds=20)
    assert world.of().blind is None
    assert world.prometheus.asked.count("groups") == 1
    world.prometheus.failing.clear()
    await world.later(minutes=2)
    assert world.prometheus.asked.count("groups") == 2


async def test_a_rule_that_fails_beside_numbers_is_in_the_numbers() -> None:
    world = World()
    world.prometheus.loaded = {NAME: BROKEN}
    world.of()
    await world.later()
    numbers = world.of().numbers["availability"]
    assert (numbers.failing, numbers.loaded) == (BROKEN, None)
    world.prometheus.loaded = {NAME: None}
    await world.later(minutes=1)
    assert world.of().numbers["availability"].failing is None
    assert len(world.rung) == 2
