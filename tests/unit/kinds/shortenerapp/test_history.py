"""What a resource's status remembers of its rollouts."""

from dataclasses import replace

from tests.support.shorteners import with_spec
from tests.unit.kinds.shortenerapp.test_canaries import BAD, GOOD, Released
from toprope.delivery.machine.rollout import Phase
from toprope.slo.status import SloStatus


def taken_back() -> Released:
    world = Released()
    world.judged = GOOD
    world.until(Phase.HOLDING)
    world.judged = BAD
    world.until(Phase.FAILED)
    return world


def test_a_rollout_that_was_taken_back_stays_in_the_status_with_what_judged_it() -> None:
    world = taken_back()
    (record,) = world.resource.status.history
    assert (record.candidate, record.stable, record.outcome) == (world.candidate, world.stable, "RolledBack")
    assert [one.weight for one in record.weights] == ["1%", "0%"]
    assert [one.message for one in record.verdicts] == [BAD.message]
    before = world.resource.status
    world.pass_once(world.look)
    assert world.resource.status == before


def test_one_that_waits_for_the_budget_shows_nothing_of_who_was_judged_before_it() -> None:
    world = taken_back()
    status = world.resource.status
    spent = SloStatus.model_validate({"name": "availability", "state": "Exhausted"})
    spoilt = replace(world.resource, status=status.model_copy(update={"slos": [spent]}))
    world.resource = with_spec(spoilt, {"settings": {"slugLength": 11}})
    world.pass_once(world.look)
    told = world.resource.status.rollout
    assert (told.phase, told.judged, told.lost) == (Phase.FROZEN, [], None)
