"""What a Prometheus has now of that which SLOs count."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from toprope.io.credentials import Connection
from toprope.io.ledger import span_of
from toprope.io.prometheus import PATIENCE, Prometheus, Unseen


@dataclass(frozen=True, slots=True)
class Selected:
    """The answers of one look."""

    series: Mapping[str, int]
    """Selector → how many series it has now."""
    retention: timedelta | None
    """How long samples are kept; None where it does not say, or bounds only the size."""


async def selected(there: Connection, selectors: Iterable[str]) -> Selected:
    """One look at a Prometheus. Unseen when it has not answered everything in ten seconds."""
    try:
        async with asyncio.timeout(PATIENCE), Prometheus(there) as prometheus:
            now = await prometheus.clock()
            series = {}
            for selector in dict.fromkeys(selectors):
                counts = await prometheus.values(f"count({selector})", now)
                series[selector] = int(counts[0].value) if counts else 0
            return Selected(series, await retention(prometheus))
    except TimeoutError as error:
        raise Unseen(f"{there.server} took longer than {PATIENCE:.0f} s to answer.") from error


async def retention(prometheus: Prometheus) -> timedelta | None:
    """How long samples are kept; None where it does not say.

    What only speaks Prometheus' language may not know the question.
    """
    try:
        return span_of(await prometheus.retention())
    except Unseen:
        return None
