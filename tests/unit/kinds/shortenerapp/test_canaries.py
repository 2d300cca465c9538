"""Releases that get their requests by steps, as passes over a whole resource see them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.support.shorteners import (
    ROUTE,
    WITH_TRAFFIC,
    Paper,
    a_shortener,
    all_of,
    changed,
    give_secret,
    not_ready,
    secret_changed,
    with_spec,
)
from toprope.core.decision import Apply, Decision
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.verdict import Reason as GateReason
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.gate.words import Judgement
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.delivery.trial import Fault, FaultReason, Looked
from toprope.kinds.shortenerapp.revisions import rollout_of
from toprope.kinds.shortenerapp.seen import Seen
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.kinds.shortenerapp.trial import trial

SLOS = {"slos": [{"name": "availability", "objective": "99.9", "availability": {}}]}
LONGER_SLUGS = {"settings": {"slugLength": 9}}
GOOD = Judgement(Verdict.PASS, GateReason.ENOUGH_SEEN, "2 bad of 12,000: a bad one would have had about 48", {})
BAD = Judgement(Verdict.FAIL, GateReason.WORSE_THAN_STABLE, "27 bad of 1,904: at least 10 times worse", {})
OPEN = Judgement(Verdict.UNDECIDED, GateReason.GATHERING_EVIDENCE, "0 bad of 900: too little to say", {})


class Released(Paper):
    """A resource with an SLO and a gateway, and a candidate whose requests are as somebody says."""

    def __init__(self, **spec: Any) -> None:
        super().__init__(a_shortener({**WITH_TRAFFIC, **SLOS, **spec}))
        self.judged = OPEN
        self.fault: Fault | None = None
        give_secret(self, "my-database", ["owner-uri", "app-uri"])
        self.settle()
        self.stable = revision_of_spec(self.resource.spec)
        self.resource = with_spec(self.resource, LONGER_SLUGS)
        self.candidate = revision_of_spec(self.resource.spec)

    def look(self, seen: Seen) -> Seen:
        """With what is counted now: requests in the very shares that were decided."""
        rollout = rollout_of(self.resource)
        asked = trial(self.resource, rollout, self.now)
        if asked is None:
            return seen
        mine = 10 * rollout.weight / WHOLE
        looked = Looked(
            at=self.now,
            source="Gateway",
            judged=dict.fromkeys(asked.rules, self.judged),
            kept=dict.fromkeys(asked.rules, "{}"),
            fault=self.fault,
            candidate=Counts(1000 * mine, 0),
            stable=Counts(10_000 - 1000 * mine, 0),
        )
        return replace(seen, looked=looked)

    def passes(self, seconds: int) -> Iterator[Decision]:
        """A pass each second."""
        for _ in range(seconds):
            yield self.pass_once(self.look)
            self.now += timedelta(seconds=1)

    def until(self, *phases: Phase) -> Decision:
        """Passes until one of these phases stands in the status."""
        for decision in self.passes(2000):
            if self.resource.status.rollout.phase in phases:
                return decision
        raise AssertionError(f"it never comes to {phases}: {self.resource.status.rollout}")


def shares(decision: Decision) -> dict[str, int]:
    found = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    route = next(one for one in found if one["metadata"]["name"] == ROUTE)
    return {one["name"]: one["weight"] for one in route["spec"]["rules"][0]["backendRefs"]}


def weights(world: Released, decisions: Sequence[Decision]) -> list[int]:
    """Of the candidate in the route, each once."""
    given = [shares(one).get(f"links-web-{world.candidate}", 0) for one in decisions]
    return list(dict.fromkeys(given))


def test_a_good_release_gets_more_and_more_until_it_is_stable() -> None:
    world = Released()
    world.judged = GOOD
    decisions = list(world.passes(900))
    assert weights(world, decisions) == [0, 1000, 10_000, 50_000, WHOLE]
    assert world.resource.status.revision.stable == world.candidate
    assert world.resource.status.rollout.phase == Phase.IDLE


def test_no_weight_is_routed_before_its_verdict_stands_in_the_status() -> None:
    world = Released()
    world.judged = GOOD
    for decision in world.passes(900):
        told = rollout_of(world.resource)
        given = shares(decision).get(f"links-web-{world.candidate}", 0)
        assert given <= told.weight or told.stable == world.candidate


@pytest.mark.parametrize("phase", [Phase.SHIFTING, Phase.HOLDING, Phase.BAKING])
@pytest.mark.parametrize(
    ("judged", "fault", "reason"),
    [
        (BAD, None, "WorseThanStable"),
        (GOOD, Fault(FaultReason.CRASHES, "Pod a restarted."), "CandidateCrashes"),
    ],
)
def test_a_bad_one_loses_its_requests_in_the_pass_that_hears_of_it(
    phase: Phase, judged: Judgement, fault: Fault | None, reason: str
) -> None:
    world = Released()
    world.judged = GOOD
    world.until(phase)
    world.judged, world.fault = judged, fault
    (decision,) = world.passes(1)
    assert shares(decision) == {f"links-web-{world.stable}": WHOLE}
    assert world.resource.status.rollout.reason == reason
    world.until(Phase.FAILED)
    assert world.resource.status.revision.stable == world.stable
    assert [one.verdict for one in world.resource.status.rollout.judged] == [judged.verdict]


def test_an_undecided_step_stays_and_says_why() -> None:
    world = Released()
    world.until(Phase.HOLDING)
    list(world.passes(600))
    told = world.resource.status.rollout
    assert (told.phase, told.weight, told.reason) == (Phase.HOLDING, "1%", "GatheringEvidence")
    assert told.message == "availability: 0 bad of 900: too little to say."
    assert told.verdict == "Undecided"


def test_a_quiet_step_is_looked_at_and_written_down_every_five_seconds() -> None:
    world = Released()
    world.until(Phase.HOLDING)
    list(world.passes(10))
    found = [(decision.again, world.resource.status) for decision in world.passes(20)]
    assert sum(one != other for (_, one), (_, other) in pairwise(found)) == 5
    assert {again for again, _ in found} == {timedelta(seconds=5)}


def test_the_end_of_a_hold_is_looked_at_when_it_comes() -> None:
    world = Released(rollout={"steps": [{"weight": "10%", "hold": "7s"}]})
    world.until(Phase.HOLDING)
    assert [decision.again.seconds for decision in world.passes(8)] == [5, 5, 5, 4, 3, 2, 1, 5]


def test_a_step_that_is_not_true_yet_is_looked_at_each_second() -> None:
    world = Released()
    assert world.until(Phase.SHIFTING).again == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("rollout", "seen"),
    [
        ({"strategy": "Immediate"}, [0, WHOLE]),
        ({"steps": [{"weight": "25%"}]}, [0, 25_000, WHOLE]),
    ],
)
def test_the_spec_says_how(rollout: dict[str, Any], seen: list[int]) -> None:
    world = Released(rollout=rollout)
    world.judged = GOOD
    assert weights(world, list(world.passes(900))) == seen


def test_a_ready_candidate_can_be_asked_for_by_name_until_it_goes() -> None:
    world = Released()
    decision = world.until(Phase.SHIFTING)
    route = next(
        one.manifest for one in decision.actions if isinstance(one, Apply) and one.manifest["metadata"]["name"] == ROUTE
    )
    assert [one["name"] for one in route["spec"]["rules"][1]["backendRefs"]] == [f"links-web-{world.candidate}"]
    world.judged = BAD
    world.until(Phase.FAILED)
    (after,) = world.passes(1)
    assert len(shares(after)) == 1


@pytest.mark.parametrize(("freeze", "phase"), [("WhenExhausted", Phase.FROZEN), ("Never", Phase.PREPARING)])
def test_a_spent_budget_freezes_new_releases_unless_the_spec_says_never(freeze: str, phase: Phase) -> None:
    world = Released(rollout={"freeze": freeze})
    spent = {"name": "availability", "state": "Exhausted"}
    status = world.resource.status
    world.resource = replace(
        world.resource, status=status.model_copy(update={"slos": [type(status.slos[0]).model_validate(spent)]})
    )
    world.pass_once(world.look)
    assert world.resource.status.rollout.phase == phase
    assert ("availability is spent" in world.resource.status.rollout.message) is (phase is Phase.FROZEN)


def guards(decision: Decision) -> dict[str, str | None]:
    """The version that each door's write is tested against."""
    found = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    metadata = [one["metadata"] for one in found if one["kind"] in ("HTTPRoute", "Service")]
    return {one["name"]: one.get("resourceVersion") for one in metadata}


@pytest.mark.parametrize("traffic", [WITH_TRAFFIC["traffic"], None])
def test_a_write_that_gives_the_candidate_more_is_tested_and_one_that_takes_it_back_is_not(traffic: Any) -> None:
    world = Released(traffic=traffic)
    world.judged = GOOD
    door = ROUTE if traffic else "links-web"
    while not (rollout_of(world.resource).weight and rollout_of(world.resource).routed is None):
        list(world.passes(1))
    seen = world.seen()
    (raises,) = world.passes(1)
    live = next(seen.children[kind, door] for kind in ("HTTPRoute", "Service") if (kind, door) in seen.children)
    assert guards(raises)[door] == live["metadata"]["resourceVersion"]
    world.judged = BAD
    (falls,) = world.passes(1)
    assert world.resource.status.rollout.phase == Phase.ROLLING_BACK
    assert guards(falls)[door] is None


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
    assert list(dict.fromkeys(reasons)) == ["CapacityLost", "CapacityMissing"]
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
    scalers = [
        one.manifest
        for one in short.actions
        if isinstance(one, Apply) and one.manifest["kind"] == "HorizontalPodAutoscaler"
    ]
    assert [one["spec"]["minReplicas"] for one in scalers] == [20, 20]
    world.pass_once(sized(world, 20, 10))
    assert world.resource.status.rollout.weight == "50%"


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
