"""A candidate loses its requests whatever else is amiss, and whoever looks goes on looking."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.shorteners import ROUTE, WITH_TRAFFIC, Spoiling, all_of, changed, condition, secret_changed
from tests.unit.kinds.shortenerapp.test_canaries import BAD, GOOD, OPEN, Released, shares
from toprope.cli.paper import PaperCluster, merged
from toprope.core.decision import Apply, Decision, Tell
from toprope.core.errors import Transient
from toprope.core.names import REVISION, TAKEN_BACK
from toprope.core.objects import DEPLOYMENT, HTTP_ROUTE, ApiResource, Manifest, Ref, labels_of
from toprope.core.resource import Resource
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.delivery.trial import Fault, FaultReason, Looked, Trial
from toprope.io.ledger import NoPrometheus
from toprope.io.nobody import NobodyProbes, no_sources
from toprope.ports import Sources
from toprope.serving.decide import decide
from toprope.serving.observe import observe
from toprope.serving.revisions import rollout_of
from toprope.serving.seen import Seen


class Away(PaperCluster):
    """Its watches told of everything, and it answers nobody any more."""

    async def read(self, ref: Ref) -> Manifest | None:
        raise Transient("The API server is away.")

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        raise Transient("The API server is away.")


class Unready(PaperCluster):
    """One Deployment of it counts no ready pod."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def children(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        found = super().children(namespace, labels)
        return [{**one, "status": {}} if self._is_meant(one) else one for one in found]

    def _is_meant(self, one: Manifest) -> bool:
        return (one["kind"], one["metadata"]["name"]) == (DEPLOYMENT.kind, self._name)


class Remembers:
    """Who is asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def of(self, resource: Resource, trial: Trial) -> Looked:
        self.asked.append(trial.candidate.revision)
        return Looked()


def blinks(seen: Seen) -> Seen:
    """Somebody has edited the host names, and the gateway has yet to look at that."""
    return changed("HTTPRoute", ROUTE, {"metadata": {"generation": 9}})(seen)


def refuses(seen: Seen) -> Seen:
    """It has looked, and takes the route no more."""
    said = seen.children["HTTPRoute", ROUTE]["status"]["parents"][0]
    refused = [{**one, "status": "False", "reason": "NoMatchingParent"} for one in said["conditions"]]
    return changed("HTTPRoute", ROUTE, {"status": {"parents": [{**said, "conditions": refused}]}})(seen)


@pytest.mark.parametrize("phase", [Phase.HOLDING, Phase.BAKING])
@pytest.mark.parametrize(("spoil", "goes_on"), [(blinks, True), (refuses, False)])
def test_a_step_goes_on_while_the_gateway_serves_its_weights(phase: Phase, spoil: Spoiling, goes_on: bool) -> None:
    world = Released()
    world.judged = GOOD
    world.until(phase)
    list(world.passes(3))
    before = rollout_of(world.resource)
    assert before.routed
    world.pass_once(lambda seen: spoil(world.look(seen)))
    after = rollout_of(world.resource)
    assert ((after.phase, after.since, after.routed) == (before.phase, before.since, before.routed)) is goes_on


def test_a_new_weight_is_not_routed_before_the_gateway_has_looked() -> None:
    world = Released()
    world.until(Phase.SHIFTING)
    for _ in range(3):
        world.pass_once(lambda seen: blinks(world.look(seen)))
    assert rollout_of(world.resource).routed is None


def gone(world: Released, *, counted: int | None = None) -> Spoiling:
    """Nobody of the candidate answers; its Deployment still counts so many ready pods."""
    deployment = changed("Deployment", f"links-web-{world.candidate}", {"status": {"readyReplicas": counted}})
    return lambda seen: replace(deployment(world.look(seen)), endpoints=frozenset())


def at(world: Released, phase: Phase) -> Released:
    """It has requests there, and the gateway knows."""
    world.judged = GOOD
    world.until(phase)
    list(world.passes(3))
    assert world.resource.status.rollout.routed
    return world


def given(world: Released, decision: Decision) -> int:
    return shares(decision).get(f"links-web-{world.candidate}", 0)


@pytest.mark.parametrize("phase", [Phase.HOLDING, Phase.BAKING])
def test_a_candidate_that_nobody_answers_for_has_no_requests_until_it_is_ready(phase: Phase) -> None:
    world = at(Released(), phase)
    before = rollout_of(world.resource)
    decision = world.pass_once(gone(world))
    assert shares(decision) == {f"links-web-{world.stable}": WHOLE}
    assert [one.manifest["kind"] for one in decision.actions if isinstance(one, Apply) and one.first] == [
        "Service", "HTTPRoute",
    ]  # fmt: skip
    for _ in range(4):
        assert given(world, world.pass_once(gone(world))) == 0
    told = rollout_of(world.resource)
    assert (told.weight, told.routed, told.reason) == (before.weight, None, "RouteNotMoved")
    assert told.message.startswith(f"Revision {world.candidate} gets no requests until it is ready. 0 of 1 web pods")
    world.now += timedelta(seconds=1)
    assert given(world, next(world.passes(1))) == before.weight
    list(world.passes(9))
    told = rollout_of(world.resource)
    assert (told.phase, told.weight) == (phase, before.weight)
    assert told.routed
    assert before.routed
    assert told.routed > before.routed


def test_one_list_that_lacks_the_endpoints_of_ready_pods_takes_nothing_away() -> None:
    world = at(Released(), Phase.HOLDING)
    weight = rollout_of(world.resource).weight
    assert given(world, world.pass_once(gone(world, counted=1))) == weight
    assert given(world, world.pass_once(gone(world, counted=1))) == 0


def test_nobody_falls_onto_a_stable_that_has_no_pod_either() -> None:
    world = at(Released(), Phase.BAKING)
    spoil = all_of(gone(world), changed("Deployment", f"links-web-{world.stable}", {"status": {"readyReplicas": None}}))
    assert given(world, world.pass_once(spoil)) == WHOLE


def test_without_a_gateway_the_bake_falls_back_too() -> None:
    world = at(Released(traffic=None), Phase.BAKING)
    decision = world.pass_once(gone(world))
    plain = next(one.manifest for one in decision.actions if isinstance(one, Apply) and one.first)
    assert plain["spec"]["selector"]["toprope.dev/revision"] == world.stable


def test_endpoints_are_asked_for_while_the_candidate_has_requests() -> None:
    world = at(Released(), Phase.HOLDING)
    web = Ref(DEPLOYMENT, "default", f"links-web-{world.candidate}")
    unready = Unready(web.name)
    unready.objects = world.cluster.objects
    seen = asyncio.run(observe(world.resource, unready, no_sources(world.now)))
    assert seen.endpoints == {web.name}


def test_ready_is_said_of_whoever_has_the_requests() -> None:
    world = at(Released(), Phase.BAKING)
    lost = changed("Deployment", f"links-web-{world.stable}", {"status": {"readyReplicas": None}})
    decision = world.pass_once(lambda seen: lost(world.look(seen)))
    assert condition(decision, "Ready") == ("True", "Serving", f"Revision {world.candidate} serves with 1 web pod.")
    serving = {
        labels_of(one.manifest).get(REVISION) for one in decision.actions if isinstance(one, Apply) and one.serves
    }
    assert serving == {None, world.candidate}
    decision = world.pass_once(gone(world))
    assert condition(decision, "Ready")[2] == f"Revision {world.stable} serves with 1 web pod."


@pytest.mark.parametrize("phase", [Phase.HOLDING, Phase.BAKING])
def test_an_abort_is_followed_though_the_credentials_are_lost(phase: Phase) -> None:
    world = at(Released(), phase)
    lost = secret_changed("links-credentials", None)
    assert world.pass_once(lambda seen: lost(world.look(seen))).actions == ()
    world.resource = replace(world.resource, annotations={"toprope.dev/abort": world.candidate})
    decision = world.pass_once(lambda seen: lost(world.look(seen)))
    assert shares(decision) == {f"links-web-{world.stable}": WHOLE}
    *applies, told = decision.actions
    assert [isinstance(one, Apply) and one.first for one in applies] == [True, True]
    assert isinstance(told, Tell)
    assert (told.reason, told.type) == ("Aborted", "Warning")
    told = world.resource.status
    assert (told.rollout.phase, told.rollout.reason, told.rollout.weight) == ("RollingBack", "Aborted", "0%")
    assert told.history[0].weights[-1].weight == "0%"
    world.now += timedelta(minutes=1)
    assert world.pass_once(lost).status["rollout"] == decision.status["rollout"]
    world.pass_once()
    world.until(Phase.FAILED)


def test_lost_credentials_keep_nobody_from_looking_at_a_candidate() -> None:
    world = at(Released(), Phase.HOLDING)
    world.fault = Fault(FaultReason.CRASHES, "Pod a restarted.")
    lost = secret_changed("links-credentials", None)
    assert decide(world.resource, lost(world.seen()), world.now).again <= timedelta(seconds=5)
    assert shares(world.pass_once(lambda seen: lost(world.look(seen)))) == {f"links-web-{world.stable}": WHOLE}


@pytest.mark.parametrize("traffic", [WITH_TRAFFIC["traffic"], None])
@pytest.mark.parametrize("phase", [Phase.HOLDING, Phase.BAKING])
def test_an_operator_that_dies_of_a_fall_leaves_word(traffic: Any, phase: Phase) -> None:
    world = at(Released(traffic=traffic), phase)
    before = world.resource
    world.judged = BAD
    (falls,) = world.passes(1)
    told = world.resource.status.rollout
    world.resource, world.judged = replace(world.resource, status=before.status), OPEN
    (again,) = world.passes(1)
    assert doors(again) == doors(falls)
    now = world.resource.status.rollout
    assert (now.phase, now.reason, now.message) == (told.phase, told.reason, told.message)
    assert (now.phase, now.reason) == ("RollingBack", "WorseThanStable")


def doors(decision: Decision) -> dict[str, Any]:
    """Whom they send requests to, and the word that they carry."""
    found = [one.manifest for one in decision.actions if isinstance(one, Apply) and one.first]
    return {one["kind"]: (one["spec"], one["metadata"].get("annotations")) for one in found}


def test_the_word_stays_what_it_was_while_the_roll_back_waits() -> None:
    world = at(Released(), Phase.HOLDING)
    world.judged = BAD
    said = set()
    for _ in range(15):
        decision = world.pass_once(lambda seen: refuses(world.look(seen)))
        said.add(doors(decision)["HTTPRoute"][1][TAKEN_BACK])
        world.now += timedelta(seconds=1)
    assert world.resource.status.rollout.reason == "RouteNotMoved"
    (word,) = said
    assert " WorseThanStable: " in word


def test_the_word_goes_when_the_candidate_is_tried_again() -> None:
    world = at(Released(), Phase.HOLDING)
    world.judged = BAD
    (falls,) = world.passes(1)
    assert list(doors(falls)["HTTPRoute"][1]) == [TAKEN_BACK]
    world.until(Phase.FAILED)
    world.judged = GOOD
    world.resource = replace(world.resource, annotations={"toprope.dev/retry": f"{world.candidate}/1"})
    world.until(Phase.BAKING)
    route = world.seen().children["HTTPRoute", ROUTE]
    assert "annotations" not in route["metadata"]


def test_a_route_that_somebody_edits_by_hand_is_put_right_and_no_fall() -> None:
    world = at(Released(), Phase.HOLDING)
    weight = rollout_of(world.resource).weight
    ref = Ref(HTTP_ROUTE, "default", ROUTE)
    live = world.cluster.objects[ref]
    rule = live["spec"]["rules"][0]
    alone = {**rule, "backendRefs": rule["backendRefs"][:1]}
    world.cluster.objects[ref] = merged(live, {"spec": {"rules": [alone]}})
    (decision,) = world.passes(1)
    assert given(world, decision) == weight
    assert world.resource.status.rollout.phase == "Shifting"


def test_a_candidate_is_looked_at_while_the_api_server_answers_nobody() -> None:
    world, away, now = Released(), Away(), Remembers()
    world.until(Phase.HOLDING)
    away.objects = world.cluster.objects
    with suppress(Transient):
        asyncio.run(observe(world.resource, away, Sources(NoPrometheus(), now, NobodyProbes(), world.now)))
    assert now.asked == [world.candidate]
