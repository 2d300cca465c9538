"""Makes a release of the shortener ill, in each of its processes: Python imports this before anything else.

The variable ILL says how, and each of its words stands alone or beside others:

    fails=0.05     that share of the redirects ends with an error
    slow=0.4       each redirect takes so many seconds longer
    eats=4         each redirect keeps so many MiB of memory for good
    after=60       only from so many seconds on
"""

import asyncio
import os
import random
import time

from shortener.redirect import Redirect
from shortener.service import REDIRECT
from toprope_kit.asgi import Receive, Scope, Send

HOW = {name: float(value) for name, _, value in (word.partition("=") for word in os.environ["ILL"].split())}
BEGAN = time.monotonic()

EATEN: list[bytes] = []

healthy = Redirect.__call__


async def ill(self: Redirect, scope: Scope, receive: Receive, send: Send) -> None:
    """One visit."""
    if time.monotonic() - BEGAN >= HOW.get("after", 0.0):
        scope["toprope.route"] = REDIRECT
        await asyncio.sleep(HOW.get("slow", 0.0))
        EATEN.append(b"." * int(HOW.get("eats", 0.0) * 2**20))
        if random.random() < HOW.get("fails", 0.0):
            raise RuntimeError("this release is ill")
    await healthy(self, scope, receive, send)


Redirect.__call__ = ill  # type: ignore[method-assign]
