"""Ending tasks."""

import asyncio
from collections.abc import Iterable


async def stop(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel them until they are gone: in Python 3.11 a driver's `wait_for` may swallow one cancellation."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=0.2)
