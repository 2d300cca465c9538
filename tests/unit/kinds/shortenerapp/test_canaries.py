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
    give_secret,
    with_spec,
)
from toprope.core.decision import Apply, Decision, Tell
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.verdict import Reason as GateReason
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.gate.words import Judgement
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.delivery.trial import Fault, FaultReason, Looked
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.serving.revisions import rollout_of
from toprope.serving.seen import Seen
from toprope.serving.trial import trial

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
        self.lost = 0.0
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
            lost=dict.fromkeys(asked.rules, self.lost),
            candidate=Counts(1000 * mine, 0),
            stable=Counts(10_000 - 1000 * mine, 0),
        )
        return replace(seen, looked=looked)

    def passes(self, seconds: int, every: int = 1) -> Iterator[Decision]:
        """A pass each second, or every so many."""
        for _ in range(0, seconds, every):
            yield self.pass_once(self.look)
            self.now += timedelta(seconds=every)

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


def test_a_good_release_gets_more_and_more_until_it_is_stable_and_no_weight_before_its_verdict_stands() -> None:
    world = Released()
    world.judged = GOOD
    decisions = []
    for decision in world.passes(900):
        decisions.append(decision)
        told = rollout_of(world.resource)
        given = shares(decision).get(f"links-web-{world.candidate}", 0)
        assert given <= told.weight or told.stable == world.candidate
    assert weights(world, decisions) == [0, 1000, 10_000, 50_000, WHOLE]
    assert world.resource.status.revision.stable == world.candidate
    assert world.resource.status.rollout.phase == Phase.IDLE


def test_each_turn_is_told_in_the_pass_that_decides_it_and_nothing_in_between() -> None:
    world = Released(rollout={"steps": [{"weight": "25%"}], "bake": "30s"})
    world.judged = GOOD
    found = [one for decision in world.passes(300) for one in decision.actions if isinstance(one, Tell)]
    assert [(one.reason, one.type, one.once) for one in found] == [
        (reason, "Normal", world.resource.resource_version)
        for reason in ("CandidatePrepares", "CandidateReady", "StepPassed", "Baked")
    ]


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


def written(world: Released, seconds: int) -> int:
    """How often the status changes."""
    found = [world.resource.status]
    found += [world.resource.status for _ in world.passes(seconds)]
    return sum(one != other for one, other in pairwise(found))


def grows_old(world: Released, age: timedelta) -> None:
    """Somebody looks now and then, often enough not to be taken for nobody, and has just written something."""
    ends = world.now + age
    while world.now < ends:
        list(world.passes(1))
        world.now += timedelta(seconds=24)
    while not written(world, 1):
        pass


def test_a_step_that_waits_for_a_person_is_written_down_ever_less_often() -> None:
    world = Released()
    world.until(Phase.HOLDING)
    grows_old(world, timedelta(minutes=10))
    assert written(world, 80) == 1
    grows_old(world, timedelta(hours=1))
    world.now += timedelta(seconds=297)
    assert [written(world, 1) for _ in range(3)] == [0, 0, 1]
    world.judged = GOOD
    list(world.passes(1))
    assert world.resource.status.rollout.verdict == "Pass"


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
    assert weights(world, list(world.passes(900, every=5))) == seen


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
