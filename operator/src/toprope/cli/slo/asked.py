"""Prometheus' memory of what SLOs count, and word on standard error while it takes long to read."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from toprope.cli.planned import spoken
from toprope.cli.say import err
from toprope.cli.selected import retention
from toprope.io.credentials import Connection
from toprope.io.portions import PATIENCE, in_portions
from toprope.io.prometheus import Prometheus, TooMuch, Unseen
from toprope.slo.raw import Raw, questions
from toprope.slo.rules import INTERVAL, Ruled

FIRST_WORD, NEXT_WORD = 2.0, 10.0
"""Seconds until something is said, and between two words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What Prometheus remembers."""

    raw: Raw
    retention: timedelta | None
    """How long it keeps samples; None where it does not say."""


async def asked(there: Connection, ruled: Sequence[Ruled], span: timedelta) -> Asked:
    """All that the SLOs ask for, up to now by Prometheus' clock. Unseen where it does not answer."""
    async with Prometheus(there) as prometheus:
        try:
            end = int(await prometheus.clock()) // INTERVAL * INTERVAL
        except TooMuch as hangs:
            raise Unseen(str(hangs)) from hangs
        kept = await retention(prometheus)
    expressions = list(dict.fromkeys(question for one in ruled for question in questions(one)))
    count = int(span.total_seconds()) // INTERVAL
    async with Prometheus(there, PATIENCE) as prometheus:
        raw = await in_portions(prometheus, expressions, end - (count - 1) * INTERVAL, count, Progress().told)
    return Asked(raw, kept)


class Progress:
    """Speaks once it has taken a while, and then now and again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._due = self._began + FIRST_WORD

    def told(self, share: float) -> None:
        """So much of it is done, 0 to 1."""
        now = self._clock()
        if now < self._due or share >= 1:
            return
        self._due = now + NEXT_WORD
        left = spoken((now - self._began) * (1 - share) / share)
        err.print(f"Reading what Prometheus remembers: {100 * share:.0f} %, about {left} left.", markup=False)
