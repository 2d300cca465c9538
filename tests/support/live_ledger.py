"""A ledger over a real Prometheus, with a clock that leaps and bells that are counted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from tests.support.engine import INSTALLATION, LeapingClock
from tests.support.tiny import TINY
from toprope.core.measured import Measured, Numbers
from toprope.core.objects import Ref
from toprope.core.resource import Resource
from toprope.io.ledger import Ledger
from toprope.io.prometheus import Prometheus, reached
from toprope.slo.spec import Slo


def promising(slos: Sequence[Slo], namespace: str = "shop") -> Resource:
    """A Tiny called `links` that has these SLOs."""
    spec, status = SimpleNamespace(slos=slos), SimpleNamespace(slos=[])
    ref = Ref(TINY.resource, namespace, "links")
    return Resource(ref, "uid", 1, "1", {}, False, spec, status, INSTALLATION)


class Held:
    """The ledger, its clock, and the bells that it rang; it looks on behalf of one resource."""

    def __init__(self, client: Prometheus, resource: Resource) -> None:
        self.resource, self.clock, self.bells = resource, LeapingClock(), 0
        self.ledger = Ledger(client, self.clock, self.ring)

    def ring(self, owner: Any, why: str) -> None:
        self.bells += 1

    async def later(self, leap: timedelta) -> Measured:
        self.clock.leapt += leap
        await self.ledger.look()
        return self.ledger.of(self.resource)

    async def until(self, slo: str, record: str) -> Numbers:
        """Looks until it has the number."""
        async with asyncio.timeout(60):
            while True:
                found = (await self.later(timedelta())).of(slo)
                if getattr(found, record):
                    return found
                await asyncio.sleep(0.2)


@asynccontextmanager
async def ledger_of(url: str, resource: Resource) -> AsyncIterator[Held]:
    """Asks the Prometheus at that address."""
    async with Prometheus(reached(url), patience=2) as client:
        yield Held(client, resource)
