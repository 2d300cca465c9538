"""Releases that get all requests in one step, once enough probes have come back from them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.flows import End, allowed
from tests.unit.kinds.shortenerapp.test_canaries import BAD, GOOD, Released, shares
from toprope.core.decision import Apply, Decision
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.delivery.probes import PROBES, Probed, ProbeReason
from toprope.io.nobody import NobodyProbes
from toprope.serving import places
from toprope.serving.probing import probing
from toprope.serving.revisions import rollout_of
from toprope.serving.seen import Seen

OPERATOR = End("toprope-system", {"app": "operator"})


class Probes(Released):
    """A candidate whose probes end as somebody says."""

    def __init__(self, **spec: Any) -> None:
        super().__init__(rollout={"strategy": "BlueGreen", "bake": "20s"}, **spec)
        self.judged = GOOD
        self.answers: Probed | None = None

    def come_back(self, bad: Mapping[str, int]) -> None:
        self.answers = Probed(self.now, PROBES, bad)

    def look(self, seen: Seen) -> Seen:
        asked = probing(self.resource, rollout_of(self.resource))
        began = Probed(rollout_of(self.resource).since)
        return replace(super().look(seen), probed=(self.answers or began) if asked else Probed())

    def to_the_probes(self) -> Decision:
        for decision in self.passes(60):
            if probing(self.resource, rollout_of(self.resource)):
                return decision
        raise AssertionError("nobody is probed")


def to_candidate(decision: Decision, world: Released) -> int:
    return shares(decision).get(f"links-web-{world.candidate}", 0)


def let_in(world: Released, decision: Decision, revision: str) -> bool:
    """Whether the operator may come to the users' port of a revision's pods."""
    found = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    policies = [dict(one) for one in found if one["kind"] == "NetworkPolicy"]
    return allowed(policies, OPERATOR, End("default", places.labels(world.resource, places.WEB, revision)), 8000)


def test_a_ready_candidate_is_probed_before_it_gets_any_request() -> None:
    world = Probes()
    world.to_the_probes()
    decisions = list(world.passes(30))
    told = world.resource.status.rollout
    assert (told.phase, told.reason) == (Phase.PREPARING, ProbeReason.PROBING)
    assert {to_candidate(one, world) for one in decisions} == {0}
    assert decisions[-1].again <= timedelta(seconds=10)


def test_what_is_probed() -> None:
    world = Probes()
    assert probing(world.resource, rollout_of(world.resource)) is None
    world.to_the_probes()
    asked = probing(world.resource, rollout_of(world.resource))
    assert asked is not None
    assert (asked.revision, asked.port, asked.number) == (world.candidate, 8000, 200)
    assert asked.pods == places.selector(world.resource, places.WEB, world.candidate)
    assert asked.path.format(probe="0123") == "/toprope-probe-0123"
    assert asked.rollout == world.resource.status.rollout.began


@pytest.mark.parametrize("bad", [{}, {"answered 500": 2}])
def test_good_probes_are_followed_by_one_switch_and_a_bake(bad: dict[str, int]) -> None:
    world = Probes()
    world.to_the_probes()
    world.come_back(bad)
    decisions = list(world.passes(60))
    assert list(dict.fromkeys(to_candidate(one, world) for one in decisions)) == [0, WHOLE]
    assert world.resource.status.revision.stable == world.candidate


def test_the_switch_says_what_the_probes_came_to() -> None:
    world = Probes()
    world.to_the_probes()
    world.come_back({})
    world.until(Phase.BAKING)
    told = world.resource.status.rollout
    assert told.reason == ProbeReason.PASSED
    assert told.message.startswith("0 bad of 200 probes: more than 2.6% bad would have shown")


def test_bad_probes_fail_it_before_it_had_a_user() -> None:
    world = Probes()
    world.to_the_probes()
    world.come_back({"answered 500": 29, "gave no answer in 5 s": 2})
    decision = world.until(Phase.FAILED)
    told = world.resource.status.rollout
    assert (told.reason, told.weight, to_candidate(decision, world)) == (ProbeReason.FAILED, None, 0)
    assert "31 bad of 200 probes (29 answered 500, 2 gave no answer in 5 s)" in told.message
    list(world.passes(5))
    assert ("Deployment", f"links-web-{world.candidate}") not in world.seen().children


def test_probes_that_nobody_answers_end_it_too() -> None:
    world = Probes()
    world.to_the_probes()
    world.answers = Probed(world.now, blind="Pod a cannot be reached at port 8000.")
    list(world.passes(30))
    assert world.resource.status.rollout.phase == Phase.PREPARING
    world.now += timedelta(minutes=10)
    world.until(Phase.FAILED)
    told = world.resource.status.rollout
    assert (told.reason, told.message) == (ProbeReason.UNANSWERED, "Pod a cannot be reached at port 8000.")


def test_the_bake_takes_back_what_the_probes_did_not_show() -> None:
    world = Probes()
    world.to_the_probes()
    world.come_back({})
    world.until(Phase.BAKING)
    list(world.passes(3))
    world.judged = BAD
    (decision,) = world.passes(1)
    assert shares(decision) == {f"links-web-{world.stable}": WHOLE}
    world.until(Phase.FAILED)


def test_the_operator_reaches_both_revisions_alone_and_only_while_they_are_probed() -> None:
    world = Probes()
    first = world.pass_once(world.look)
    during = world.to_the_probes()
    assert [let_in(world, one, world.candidate) for one in (first, during)] == [False, True]
    assert let_in(world, during, world.stable)
    assert not let_in(world, during, "a-third-one")
    world.come_back({})
    after = world.until(Phase.BAKING)
    assert not let_in(world, after, world.candidate)
    assert not any(name == "links-probes" for _, name in world.seen().children)


def test_without_a_gateway_the_switch_is_the_services() -> None:
    world = Probes(traffic=None)
    world.to_the_probes()
    world.come_back({})
    world.until(Phase.BAKING)
    list(world.passes(2))
    selector = world.seen().children["Service", "links-web"]["spec"]["selector"]
    assert selector["toprope.dev/revision"] == world.candidate


def test_where_nobody_probes_nothing_moves() -> None:
    world = Probes()
    world.to_the_probes()
    asked = probing(world.resource, rollout_of(world.resource))
    assert asked
    assert NobodyProbes().of(world.resource, asked) == Probed(blind="Nobody sends probes.")
    world.pass_once()
    assert world.resource.status.rollout.message == "Nobody sends probes."
