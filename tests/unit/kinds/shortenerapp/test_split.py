"""Releases without a gateway: pods share the requests behind one Service, in the nearest proportion."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.support.shorteners import WITH_TRAFFIC, changed, condition, with_spec
from tests.unit.kinds.shortenerapp.test_canaries import BAD, GOOD, Released
from toprope.core.decision import Apply, Decision
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.serving import places
from toprope.serving.reasons import Reason
from toprope.serving.revisions import rollout_of
from toprope.serving.seen import Seen

BOTH = "both"
QUICK = {"steps": [{"weight": weight, "hold": "5s"} for weight in ("1%", "10%", "50%")], "bake": "20s"}


def released(**spec: Any) -> Released:
    """Stable has three pods and may have five."""
    world = Released(**{"traffic": None, "replicas": {"min": 3, "max": 5}, "rollout": QUICK, **spec})
    world.judged = GOOD
    return world


def applied(decision: Decision, kind: str) -> dict[str, Any]:
    found = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    return {one["metadata"]["name"]: one["spec"] for one in found if one["kind"] == kind}


def selected(decision: Decision) -> str:
    return str(applied(decision, "Service")["links-web"]["selector"].get("toprope.dev/revision", BOTH))


def sizes(decision: Decision, revision: str) -> tuple[int, int]:
    spec = applied(decision, "HorizontalPodAutoscaler")[f"links-web-{revision}"]
    return spec["minReplicas"], spec["maxReplicas"]


def both(world: Released) -> tuple[str, str]:
    return world.stable, world.candidate


def distinct(found: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(found))


def test_a_good_release_gets_as_many_pods_as_its_share_and_then_the_service() -> None:
    world = released()
    decisions = list(world.passes(60))
    assert distinct(map(selected, decisions)) == [world.stable, BOTH, world.candidate]
    shared = [one for one in decisions if selected(one) == BOTH]
    assert distinct(sizes(one, world.candidate) for one in shared) == [(1, 1), (3, 3)]
    assert world.resource.status.revision.stable == world.candidate


def test_the_status_has_the_true_share_and_how_coarse_it_is() -> None:
    world = released()
    world.until(Phase.HOLDING)
    told = world.resource.status.rollout
    assert (told.weight, told.coarse) == ("25%", "wanted 1% and 10%, 1 of 4 pods is 25%")


def test_stable_never_shrinks_and_is_held_while_pods_are_shares() -> None:
    world = released()
    for decision in world.passes(60):
        if rollout_of(world.resource).stable == world.stable:
            assert sizes(decision, world.stable)[0] == 3
        if world.resource.status.rollout.phase in (Phase.SHIFTING, Phase.HOLDING):
            assert sizes(decision, world.stable) == (3, 3)


def test_no_pod_more_gets_requests_before_its_share_stands_in_the_status() -> None:
    world = released()
    for _ in range(60):
        weight = rollout_of(world.resource).weight
        (decision,) = world.passes(1)
        if selected(decision) == BOTH and weight < WHOLE:
            assert sizes(decision, world.candidate)[1] == {25_000: 1, 50_000: 3}[weight]
    assert rollout_of(world.resource).stable == world.candidate


@pytest.mark.parametrize("phase", [Phase.SHIFTING, Phase.HOLDING, Phase.BAKING])
def test_a_bad_one_is_out_of_the_service_in_the_pass_that_hears_of_it(phase: Phase) -> None:
    world = released()
    world.until(phase)
    held = world.pass_once(world.look)
    world.judged = BAD
    (decision, after) = world.passes(2)
    assert selected(decision) == world.stable
    assert [sizes(decision, one) for one in both(world)] == [sizes(held, one) for one in both(world)]
    assert [sizes(after, one) for one in both(world)] == [(3, 5), (1, 5)]
    world.until(Phase.FAILED)
    assert world.resource.status.revision.stable == world.stable


def grown(world: Released, replicas: int, ready: int) -> Any:
    """The candidate has so many pods."""
    status = {"status": {"replicas": replicas, "readyReplicas": ready}}
    spoil = changed("Deployment", f"links-web-{world.candidate}", status)
    return lambda seen: spoil(world.look(seen))


@pytest.mark.parametrize(("replicas", "ready"), [(3, 3), (2, 1)])
def test_the_service_opens_for_just_the_pods_of_the_share(replicas: int, ready: int) -> None:
    world = released()
    world.until(Phase.SHIFTING)
    for _ in range(3):
        decision = world.pass_once(grown(world, replicas, ready))
        assert selected(decision) == world.stable
    told = world.resource.status.rollout
    assert (told.phase, told.reason) == (Phase.SHIFTING, "RouteNotMoved")
    assert told.message == (
        f"25% of the requests is 1 pod of revision {world.candidate}: {ready} of {replicas} are ready."
    )


def test_a_pod_that_is_lost_closes_nothing_and_the_step_is_true_no_more() -> None:
    world = released()
    world.until(Phase.HOLDING)
    assert selected(world.pass_once(grown(world, 1, 0))) == BOTH
    assert world.resource.status.rollout.phase == Phase.SHIFTING


@pytest.mark.parametrize(("phase", "selects"), [(Phase.SHIFTING, False), (Phase.HOLDING, True)])
def test_pods_that_stable_lacks_are_waited_for_as_shares_would_be_larger(phase: Phase, selects: bool) -> None:
    world = released()
    world.until(phase)
    status = {"status": {"replicas": 3, "readyReplicas": 2}}
    spoil = changed("Deployment", f"links-web-{world.stable}", status)
    assert selected(world.pass_once(lambda seen: spoil(world.look(seen)))) == (BOTH if selects else world.stable)
    told = world.resource.status.rollout
    assert (told.phase, told.reason) == (Phase.SHIFTING, "RouteNotMoved")
    assert told.message == (
        f"25% of the requests is 1 pod of revision {world.candidate} beside 3 of revision {world.stable}: "
        "not all of these are ready."
    )


def test_all_requests_wait_for_a_candidate_as_large_as_stable() -> None:
    world = released()
    world.until(Phase.BAKING)
    small = grown(world, 3, 2)
    assert [selected(world.pass_once(small)) for _ in range(3)] == [BOTH] * 3
    assert "alone once 3 of its pods are ready: 2 of 3 are ready." in world.resource.status.rollout.message
    assert selected(next(world.passes(1))) == world.candidate


def test_who_is_promoted_by_hand_is_grown_before_he_gets_any() -> None:
    world = released()
    world.until(Phase.PREPARING)
    order = {"toprope.dev/promote": world.candidate}
    world.resource = replace(world.resource, annotations=order)
    world.until(Phase.BAKING)
    small = world.pass_once(grown(world, 1, 1))
    assert (selected(small), sizes(small, world.candidate)) == (world.stable, (3, 5))
    assert selected(next(world.passes(1))) == world.candidate


def test_who_served_before_is_at_full_size_from_the_beginning() -> None:
    world = released()
    world.until(Phase.IDLE)
    world.resource = with_spec(world.resource, {"settings": {"slugLength": 7}})
    decisions = list(world.passes(60))
    assert distinct(map(selected, decisions)) == [world.candidate, world.stable]
    assert {sizes(one, world.stable) for one in decisions if one is not decisions[0]} == {(3, 5)}


def stranger(seen: Seen, world: Released, revision: str) -> Seen:
    labels = places.labels(world.resource, places.WEB, revision)
    return replace(seen, pods=[{"kind": "Pod", "metadata": {"name": "p", "labels": labels}, "status": {}}])


def test_pods_of_a_third_revision_are_gone_before_any_are_shared() -> None:
    world = released()
    for _ in range(8):
        decision = world.pass_once(lambda seen: stranger(world.look(seen), world, "third"))
    assert condition(decision, "Progressing")[1:] == (
        Reason.EARLIER_PODS,
        f"Revision {world.candidate} is not ready. Pods of revision third have yet to end.",
    )
    assert decision.again.total_seconds() == 2
    world.pass_once(lambda seen: stranger(world.look(seen), world, world.stable))
    assert world.resource.status.rollout.phase == Phase.SHIFTING


def test_without_steps_all_requests_go_at_once_as_before() -> None:
    world = released(rollout={"strategy": "Immediate"})
    assert distinct(map(selected, world.passes(60))) == [world.stable, world.candidate]


def test_a_gateway_that_is_taken_away_midway_gives_the_candidate_no_more_than_its_share() -> None:
    world = Released(replicas={"min": 3, "max": 5}, rollout={**QUICK, "steps": [{"weight": "25%"}]}, **WITH_TRAFFIC)
    world.judged = GOOD
    world.until(Phase.HOLDING)
    world.resource = replace(world.resource, spec=world.resource.spec.model_copy(update={"traffic": None}))
    first = world.pass_once(grown(world, 3, 3))
    assert (selected(first), sizes(first, world.candidate)) == (world.stable, (1, 1))
    decisions = list(world.passes(90))
    assert [distinct(pair) for pair in pairwise(distinct(map(selected, decisions)))] == [
        [BOTH, world.candidate],
    ]


def test_a_share_that_was_decided_is_never_more_where_stable_grows_and_the_status_has_the_true_one() -> None:
    world = released(rollout={**QUICK, "steps": [{"weight": "25%", "hold": "1h"}]})
    world.until(Phase.HOLDING)
    assert world.resource.status.rollout.coarse is None
    more = changed("Deployment", f"links-web-{world.stable}", {"spec": {"replicas": 5}, "status": {"readyReplicas": 5}})
    for _ in range(3):
        decision = world.pass_once(lambda seen: more(world.look(seen)))
    assert sizes(decision, world.candidate) == (1, 1)
    told = world.resource.status.rollout
    assert (told.weight, told.coarse) == ("25%", "decided 25%, 1 of 6 pods is 16.667%")
