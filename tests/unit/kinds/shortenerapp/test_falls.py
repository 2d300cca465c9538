"""A candidate loses its requests whatever else is amiss, and whoever looks goes on looking."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from tests.unit.kinds.shortenerapp.test_canaries import Released
from toprope.cli.paper import PaperCluster
from toprope.core.errors import Transient
from toprope.core.objects import ApiResource, Manifest, Ref
from toprope.core.resource import Resource
from toprope.delivery.machine.rollout import Phase
from toprope.delivery.trial import Looked, Trial
from toprope.io.ledger import NoPrometheus
from toprope.kinds.shortenerapp.observe import observe
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


def test_a_candidate_is_looked_at_while_the_api_server_answers_nobody() -> None:
    world, away, now = Released(), Away(), Remembers()
    world.until(Phase.HOLDING)
    away.objects = world.cluster.objects
    with suppress(Transient):
        asyncio.run(observe(world.resource, away, Sources(NoPrometheus(), now, world.now)))
    assert now.asked == [world.candidate]
