"""What keeps a candidate from its next requests, or its last ones: pods, shares, orders, a stable that is not there."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.shorteners import WITH_TRAFFIC, all_of, changed, not_ready, secret_changed, with_spec
from tests.unit.kinds.shortenerapp.test_canaries import GOOD, Released, shares
from toprope.core.decision import Apply, Decision
from toprope.delivery.gate.counts import Counts
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.delivery.trial import Looked
from toprope.serving.revisions import rollout_of
from toprope.serving.trial import trial


def bare(world: Released) -> Any:
    """The candidate has neither a ready pod nor an endpoint."""
    down = not_ready("Deployment", f"links-web-{world.candidate}")
    return lambda seen: replace(down(world.look(seen)), endpoints=frozenset())


def test_a_bake_without_pods_makes_nobody_stable_and_is_taken_back_in_the_end() -> None:
    world = Released(rollout={"bake": "1m", "readyWithin": "2m"})
    world.judged = GOOD
    world.until(Phase.BAKING)
    list(world.passes(3))
    reasons = []
    for _ in range(10):
        world.pass_once(bare(world))
        reasons.append(world.resource.status.rollout.reason)
        world.now += timedelta(seconds=20)
    assert list(dict.fromkeys(reasons)) == ["CapacityLost", "RouteNotMoved", "CapacityMissing"]
    assert world.resource.status.revision.stable == world.stable
    assert "0 of 1 web pods ready" in world.resource.status.rollout.message


def test_a_secret_that_goes_takes_no_pods_away() -> None:
    world = Released(database={"external": {"secretRef": {"name": "my-database"}}})
    world.judged = GOOD
    world.until(Phase.HOLDING)
    gone = secret_changed("my-database", None)
    world.pass_once(lambda seen: gone(world.look(seen)))
    assert world.resource.status.rollout.phase == Phase.HOLDING


def sized(world: Released, stable: int, candidate: int) -> Any:
    """So many pods of either are there, and ready."""
    found = {world.stable: stable, world.candidate: candidate}
    status = {name: {"replicas": pods, "readyReplicas": pods} for name, pods in found.items()}
    grown = [
        changed("Deployment", f"links-web-{name}", {"spec": {"replicas": found[name]}, "status": one})
        for name, one in status.items()
    ]
    return lambda seen: all_of(*grown)(world.look(seen))


def fewest(decision: Decision) -> list[int]:
    """Pods that the autoscalers of both revisions may not go below."""
    found = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    return [one["spec"]["minReplicas"] for one in found if one["kind"] == "HorizontalPodAutoscaler"]


def test_no_weight_rises_above_what_the_candidates_pods_are_for_and_they_are_asked_for() -> None:
    world = Released(
        replicas={"min": 4, "max": 20}, rollout={"steps": [{"weight": "10%", "hold": "5s"}, {"weight": "50%"}]}
    )
    world.judged = GOOD
    world.until(Phase.HOLDING)
    world.now += timedelta(seconds=10)
    short = world.pass_once(sized(world, 20, 4))
    told = world.resource.status.rollout
    assert (told.phase, told.weight, told.reason) == (Phase.HOLDING, "10%", "CapacityShort")
    assert told.message.endswith(
        "gets 50% of the requests once it has the pods. 4 of its web pods are ready; all requests need 20."
    )
    assert fewest(short) == [20, 20]
    world.pass_once(sized(world, 20, 10))
    assert world.resource.status.rollout.weight == "50%"


def test_who_scales_stable_down_in_mid_step_gets_its_pods_back() -> None:
    world = Released(replicas={"min": 2, "max": 8}, rollout={"steps": [{"weight": "50%", "hold": "1h"}]})
    world.until(Phase.HOLDING)
    world.pass_once(sized(world, 6, 6))
    world.pass_once(sized(world, 6, 6))
    assert fewest(world.pass_once(sized(world, 2, 6))) == [6, 6]


def counted(world: Released, source: str) -> Any:
    """Four of ten requests went to the candidate."""
    looked = Looked(at=world.now, source=source, candidate=Counts(400_000, 0), stable=Counts(600_000, 0))
    return lambda seen: replace(seen, looked=looked)


@pytest.mark.parametrize(
    ("traffic", "source", "reason", "told"),
    [
        (WITH_TRAFFIC["traffic"], "Gateway", "ShareDiffers", "but 400,000 of 1,000,000 requests went"),
        (WITH_TRAFFIC["traffic"], "Pods", "ShareUnmeasured", "requests beside the route come to stable alone."),
        (None, "Pods", "ShareUnmeasured", "50% of all should. Pods share connections, not requests."),
    ],
)
def test_after_a_hold_another_share_stays_only_where_a_gateway_counts(
    traffic: Any, source: str, reason: str, told: str
) -> None:
    world = Released(traffic=traffic)
    world.until(Phase.SHIFTING)
    for _ in range(4):
        world.pass_once(counted(world, source))
        world.now += timedelta(seconds=20)
    status = world.resource.status.rollout
    assert (status.reason, told in status.message) == (reason, True)


def test_shares_are_counted_anew_for_each_weight_and_when_the_route_is_there_and_ever_less_often() -> None:
    world = Released()
    world.until(Phase.HOLDING)
    before, asked = replace(rollout_of(world.resource), routed=world.now), []
    for seconds in (0, 3, 119, 120, 239, 240, 480):
        found = trial(world.resource, before, world.now + timedelta(seconds=seconds))
        asked.append(found.asked if found else 0)
    assert asked == [65, 66, 66, 67, 67, 68, 69]
    anew = trial(world.resource, replace(before, step=2, routed=None), world.now)
    assert anew
    assert anew.asked == 128


def test_who_is_called_off_while_stable_has_no_pod_serves_on_and_says_why() -> None:
    world = Released()
    world.judged = GOOD
    world.until(Phase.BAKING)
    list(world.passes(3))
    world.resource = replace(world.resource, annotations={"toprope.dev/abort": world.candidate})
    down = not_ready("Deployment", f"links-web-{world.stable}")
    decisions = [world.pass_once(lambda seen: down(world.look(seen)))]
    world.now += timedelta(seconds=10)
    decisions.append(world.pass_once(lambda seen: down(world.look(seen))))
    told = world.resource.status.rollout
    assert [shares(one) for one in decisions] == [{f"links-web-{world.candidate}": WHOLE}] * 2
    assert (told.phase, told.reason, told.cause.reason) == (Phase.ROLLING_BACK, "StableNotReady", "Aborted")
    assert f"stable {world.stable} cannot take them. 0 of 1 web pods ready." in told.message
    assert decisions[-1].again == timedelta(seconds=5)
    world.until(Phase.FAILED)
    assert [one.reason for one in world.resource.status.history[:1]] == ["Aborted"]


def test_an_order_that_nobody_was_there_for_meets_no_later_release() -> None:
    world = Released()
    released, order = world.resource.spec, {"toprope.dev/promote": world.candidate}
    world.resource = replace(with_spec(world.resource, {"settings": {"slugLength": 7}}), annotations=order)
    world.pass_once(world.look)
    assert world.resource.status.rollout.earlier_orders == [f"promote={world.candidate}"]
    world.resource = replace(world.resource, spec=released)
    world.until(Phase.HOLDING)
    assert (world.resource.status.rollout.weight, world.resource.status.rollout.reason) == ("1%", "StepTrue")
