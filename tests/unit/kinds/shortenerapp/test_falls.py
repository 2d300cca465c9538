"""A candidate loses its requests whatever else is amiss, and whoever looks goes on looking."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pytest

from tests.support.shorteners import ROUTE, Spoiling, changed
from tests.unit.kinds.shortenerapp.test_canaries import GOOD, Released
from toprope.cli.paper import PaperCluster
from toprope.core.errors import Transient
from toprope.core.objects import ApiResource, Manifest, Ref
from toprope.core.resource import Resource
from toprope.delivery.machine.rollout import Phase
from toprope.delivery.trial import Looked, Trial
from toprope.io.ledger import NoPrometheus
from toprope.kinds.shortenerapp.observe import observe
from toprope.kinds.shortenerapp.revisions import rollout_of
from toprope.kinds.shortenerapp.seen import Seen
from toprope.ports import Sources


class Away(PaperCluster):
    """Its watches told of everything, and it answers nobody any more."""

    async def read(self, ref: Ref) -> Manifest | None:
        raise Transient("The API server is away.")

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        raise Transient("The API server is away.")


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


def test_a_candidate_is_looked_at_while_the_api_server_answers_nobody() -> None:
    world, away, now = Released(), Away(), Remembers()
    world.until(Phase.HOLDING)
    away.objects = world.cluster.objects
    with suppress(Transient):
        asyncio.run(observe(world.resource, away, Sources(NoPrometheus(), now, world.now)))
    assert now.asked == [world.candidate]
