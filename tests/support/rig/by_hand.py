"""An operator in this process whose clock a test moves: passes, looks at pods and bells are the real ones."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from dev.floor import Floor
from tests.support.engine import Engine, LeapingClock, an_engine
from tests.support.rig.rig import NAME
from toprope.core.names import label_value
from toprope.io.cluster import ApiCluster
from toprope.io.credentials import from_kubeconfig
from toprope.io.now import scrape
from toprope.io.now.gateway import NoGateway
from toprope.io.now.nodes import Nodes
from toprope.io.now.pages import Pages
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

LONGEST = 1.0
"""Seconds between two passes at most: a clock that jumps rings nobody."""


@asynccontextmanager
async def by_hand(floor: Floor, namespace: str) -> AsyncIterator[LeapingClock]:
    """Looks after the resource `links` of a namespace; its clock."""
    async with (
        an_engine(SHORTENER_APP, from_kubeconfig(floor.kubeconfig), namespace) as engine,
        Pages(scrape.PATIENCE, scrape.LARGEST) as pages,
    ):
        cluster = ApiCluster(engine.api, engine.store)
        eyes = scrape.Eyes(cluster, pages, NoGateway(), Nodes(cluster, time.monotonic))
        now = scrape.Scrape(eyes, engine.clock, engine.bells.ring)
        engine.world = replace(engine.world, now=now)
        tasks = [asyncio.create_task(now.keep()), asyncio.create_task(_passes(engine))]
        try:
            yield engine.clock
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _passes(engine: Engine) -> None:
    ref = engine.ref(engine.namespace, NAME)
    bell = engine.bells.of((engine.namespace, ref.resource.kind, label_value(NAME)))
    while True:
        bell.clear()
        outcome = await engine.one_pass(ref)
        with suppress(TimeoutError):
            await asyncio.wait_for(bell.wait(), min(LONGEST, max(0.05, outcome.again.total_seconds())))
