"""Looking at a resource each second, until something is so; short absences of the API server are borne."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from toprope.cli.cluster import CommandCluster
from toprope.cli.rollout.reading import Reading, reading
from toprope.cli.say import err, fail
from toprope.core.errors import Transient

PAUSE = 1.0
"""Seconds between two looks: the operator writes each five."""
PATIENCE = 60.0
"""Seconds that the API server may be away."""
TOO_LATE = 3
"""Exit code where the time is over."""


@dataclass(frozen=True, slots=True)
class Following:
    """A resource that is followed, as it was read first."""

    cluster: CommandCluster
    first: Reading
    within: float | None
    """Seconds; None is for ever."""

    async def looks(self) -> AsyncIterator[Reading]:
        """The first one, and one a second from then on; ends the command when the time is over."""
        began = time.monotonic()
        one = self.first
        while True:
            yield one
            if self.within is not None and time.monotonic() - began >= self.within:
                fail(f"Not within {self.within:g} s. {one.rollout.message or ''}", TOO_LATE)
            await asyncio.sleep(PAUSE)
            one = await self._next(one)

    async def _next(self, before: Reading) -> Reading:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                live = await self.cluster.read(before.ref)
            except Transient as absence:
                if time.monotonic() >= deadline:
                    raise
                err.print(f"{absence} Asked again.", style="yellow", markup=False)
                await asyncio.sleep(PAUSE)
                continue
            if live is None or live["metadata"].get("uid") != before.live["metadata"].get("uid"):
                fail(f"{before.ref} is gone.")
            return reading(before.kind, live)
