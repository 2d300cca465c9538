"""What a worker does beside answering: moves clicks on, keeps partitions ahead, notes how far behind it is.

Every worker tries; the database lets one at a time do it. So nothing waits for a worker that is gone.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

import asyncpg

from shortener.service import INBOX, INBOX_LAG
from shortener.store import Store
from toprope_kit.lost import LOST
from toprope_kit.memory import Slot

MOST = 20_000
"""Clicks in one move: half a second's work."""

MOVE_EVERY = 1.0
MAINTAIN_EVERY = 3600.0

LONGEST_PAUSE = 60.0
"""Seconds until a chore that failed is tried again, at most: what failed for its size would fail again at once."""


async def again_and_again(every: float, chore: Callable[[], Awaitable[None]]) -> None:
    """Until cancelled, a little apart from the other workers; a lost database is tried again soon."""
    while True:
        try:
            await chore()
        except (*LOST, asyncpg.PostgresError):
            await asyncio.sleep(min(every, LONGEST_PAUSE))
            continue
        await asyncio.sleep(every * random.uniform(0.9, 1.1))  # noqa: S311 - spreads workers, keeps no secret


async def move(store: Store, numbers: Slot) -> None:
    """Move what lies in the inbox, until less than a full move was there."""
    while await store.move_clicks(MOST) == MOST:
        pass
    waiting, oldest = await store.inbox_state()
    numbers.cell(INBOX).set(waiting)
    numbers.cell(INBOX_LAG).set(oldest)
