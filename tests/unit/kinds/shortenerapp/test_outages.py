"""Releases beside a stable that answers nobody, eyes that see nothing, and what is written down at a turn."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.shorteners import all_of, changed, condition, not_ready, with_spec
from tests.unit.kinds.shortenerapp.test_canaries import GOOD, LONGER_SLUGS, OPEN, Released, shares
from tests.unit.kinds.shortenerapp.test_split import selected
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.delivery.trial import Fault, FaultReason
from toprope.serving.revisions import rollout_of
from toprope.serving.seen import Seen

HALF = {"steps": [{"weight": "50%", "hold": "1h"}]}


class Dark(Released):
    """Stable has no ready pod, from when somebody says so."""

    is_dark = False

    def look(self, seen: Seen) -> Seen:
        found = super().look(seen)
        name = f"links-web-{self.stable}"
        if not self.is_dark or ("Deployment", name) not in found.children:
            return found
        kept = frozenset(one for one in found.endpoints if one != name)
        return replace(not_ready("Deployment", name)(found), endpoints=kept)

    def minute(self) -> list[str]:
        """What was said in it, each once."""
        return list(dict.fromkeys(self.resource.status.rollout.reason for _ in self.passes(60)))


def test_a_release_that_repairs_one_that_answers_nobody_gets_all_requests_at_once() -> None:
    world = Dark(rollout={"bake": "5s"})
    world.is_dark = True
    world.resource = with_spec(world.resource, {"settings": {"slugLength": 7}})
    world.minute()
    world.resource = with_spec(world.resource, LONGER_SLUGS)
    assert "StableGone" in world.minute()
    last = world.until(Phase.IDLE)
    assert shares(last) == {f"links-web-{world.candidate}": WHOLE}
    assert world.resource.status.revision.stable == world.candidate


def test_without_a_gateway_too() -> None:
    world = Dark(traffic=None, rollout={"bake": "5s"})
    world.is_dark = True
    world.resource = with_spec(world.resource, {"settings": {"slugLength": 7}})
    world.minute()
    world.resource = with_spec(world.resource, LONGER_SLUGS)
    assert "StableGone" in world.minute()
    world.until(Phase.IDLE)
    assert world.resource.status.revision.stable == world.candidate


@pytest.mark.parametrize("rollout", [{"strategy": "BlueGreen"}, HALF])
def test_without_a_gateway_any_pod_is_more_than_nobody(rollout: dict[str, Any]) -> None:
    world = Dark(traffic=None, replicas={"min": 3, "max": 5}, rollout=rollout)

    def two_of_three(seen: Seen) -> Seen:
        found, name = world.look(seen), f"links-web-{world.candidate}"
        if ("Deployment", name) not in found.children:
            return found
        return changed("Deployment", name, {"status": {"readyReplicas": 2, "replicas": 3}})(found)

    said = []
    for second in range(50):
        world.is_dark = second >= 5
        last = world.pass_once(two_of_three)
        world.now += timedelta(seconds=1)
        said.append(condition(last, "Ready")[0])
    assert selected(last) == world.candidate
    assert said[6:36].count("True") == 0, "it says that somebody serves whom no request comes to"
    assert said[-1] == "True"


def test_the_release_that_repairs_an_ill_one_beside_a_dead_stable_goes_on_from_it() -> None:
    world = Dark(rollout=HALF)
    world.until(Phase.HOLDING)
    world.is_dark, world.fault = True, Fault(FaultReason.CRASHES, "Pod b restarted once.")
    (*_, last) = world.passes(60)
    assert shares(last)[f"links-web-{world.candidate}"] == WHOLE // 2
    world.fault = None
    world.resource = with_spec(world.resource, {"settings": {"slugLength": 11}})
    list(world.passes(1))
    assert world.resource.status.rollout.reason == "StableGone"
    *_, last = world.passes(3)
    assert shares(last) == {f"links-web-{world.candidate}": WHOLE}
    revision = world.resource.status.revision
    assert revision.stable == world.candidate
    assert revision.candidate not in (None, world.candidate, world.stable)


def test_a_stable_that_only_restarts_leaves_the_steps_as_they_are() -> None:
    world = Dark(rollout=HALF)
    world.until(Phase.HOLDING)
    world.is_dark = True
    list(world.passes(20))
    world.is_dark = False
    list(world.passes(60))
    assert rollout_of(world.resource).weight == WHOLE // 2


@pytest.mark.parametrize("wish", [{"settings": {"slugLength": 11}}, {"settings": {"slugLength": 7}}])
def test_who_alone_answers_is_not_taken_back_for_a_wish(wish: dict[str, Any]) -> None:
    world = Dark(rollout={**HALF, "bake": "1m"})
    world.until(Phase.HOLDING)
    world.is_dark = True
    world.resource = with_spec(world.resource, wish)
    said = world.minute()
    assert said[:2] == ["StableNotReady", "StableGone"]
    assert "ReleaseWithdrawn" not in said
    assert "ReleaseSuperseded" not in said
    list(world.passes(90))
    assert world.resource.status.revision.stable == world.candidate


def test_capacity_is_what_stable_had_and_not_what_it_has_this_second() -> None:
    world = Released(replicas={"min": 4, "max": 8}, rollout={"steps": [{"weight": "50%", "hold": "5s"}]})
    world.judged = GOOD
    world.until(Phase.HOLDING)

    def pods(stable: int, candidate: int) -> Any:
        found = {world.stable: stable, world.candidate: candidate}
        spoils = [
            changed("Deployment", f"links-web-{name}", {"status": {"readyReplicas": ready}})
            for name, ready in found.items()
        ]
        return lambda seen: all_of(*spoils)(world.look(seen))

    for ready in (4, 2, 4):
        world.now += timedelta(seconds=5)
        world.pass_once(pods(ready, 2))
        told = world.resource.status.rollout
        assert (told.weight, told.reason, told.capacity) == ("50%", "CapacityShort", 4)


def test_what_passed_while_it_was_seen_does_not_pass_unseen() -> None:
    world = Released(rollout={"steps": [{"weight": "50%", "hold": "30s"}]})
    world.judged = GOOD
    world.until(Phase.HOLDING)

    def blind(seen: Seen) -> Seen:
        found = world.look(seen)
        return replace(found, looked=replace(found.looked, blind="No pod of candidate tells what it counts."))

    for _ in range(60):
        world.pass_once(blind)
        world.now += timedelta(seconds=1)
    told = world.resource.status.rollout
    assert (told.weight, told.reason, told.message) == (
        "50%", "NotLooked", "No pod of candidate tells what it counts.",
    )  # fmt: skip
    world.until(Phase.BAKING)


def test_a_turn_is_written_down_with_what_it_stands_on() -> None:
    world = Released(rollout=HALF)
    world.judged = replace(OPEN, verdict=Verdict.UNDECIDED)
    world.until(Phase.HOLDING)
    list(world.passes(300))
    world.lost = 300
    world.resource = replace(world.resource, annotations={"toprope.dev/abort": world.candidate})
    world.until(Phase.ROLLING_BACK)
    assert world.resource.status.rollout.lost == 300
    world.until(Phase.FAILED)
    assert world.resource.status.history[0].lost == 300


def test_lost_requests_are_written_down_soon() -> None:
    world = Released(rollout=HALF)
    world.until(Phase.HOLDING)
    list(world.passes(300, every=5))
    world.lost = 40
    list(world.passes(6))
    assert world.resource.status.rollout.lost == 40


PROMOTES = {"steps": [{"weight": "50%", "hold": "5s"}], "gate": {"maxUndecided": "60s", "onUndecided": "Promote"}}


def test_who_is_promoted_undecided_has_its_pass_in_the_status_before_its_requests() -> None:
    world = Released(rollout=PROMOTES)
    last = world.until(Phase.BAKING)
    told = world.resource.status.rollout
    assert (told.reason, told.verdict, told.judged[0].verdict) == ("UndecidedPromoted", "Pass", "Undecided")
    assert shares(last)[f"links-web-{world.candidate}"] == WHOLE // 2
    (decision,) = world.passes(1)
    assert shares(decision) == {f"links-web-{world.candidate}": WHOLE}


def test_nobody_is_promoted_whom_nobody_sees() -> None:
    world = Released(rollout=PROMOTES)
    world.until(Phase.HOLDING)

    def blind(seen: Seen) -> Seen:
        found = world.look(seen)
        return replace(found, looked=replace(found.looked, blind="No pod of candidate tells what it counts."))

    for _ in range(200):
        world.pass_once(blind)
        world.now += timedelta(seconds=1)
    told = world.resource.status.rollout
    assert (told.phase, told.weight, told.reason) == (Phase.HOLDING, "50%", "UndecidedTooLong")
    assert "No pod of candidate tells what it counts." in told.message
