"""Waiting for a database that may be starting just now."""

import asyncio
import time

import asyncpg

from toprope_kit.database import LOST, DatabaseSettings, connect
from toprope_kit.outcome import Failure, cleaned

PAUSE = 0.2
"""Seconds between two tries."""

SLOWEST = 3600.0
"""Seconds that one statement of a migration may take: a large index takes long. It is the Job's own deadline, too."""

REFUSED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)


async def reached(settings: DatabaseSettings, wait: float) -> asyncpg.Connection:
    """A connection as soon as there can be one; a Failure after `wait` seconds, or at once when we are not let in."""
    deadline = time.monotonic() + wait
    while True:
        try:
            return await connect(settings, command_timeout=SLOWEST)
        except REFUSED as error:
            raise Failure(f"the database does not let us in: {cleaned(error)}; look at its Secret") from error
        except LOST as error:
            if time.monotonic() > deadline:
                raise Failure(f"no database after {wait:.0f} s: {cleaned(error)}; is its pod ready?") from error
        await asyncio.sleep(PAUSE)
