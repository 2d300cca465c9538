"""Waiting for something to become true, never for longer than said."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE = 0.25
"""Seconds between two looks."""


class TookTooLong(Exception):
    """The deadline passed before the look found anything."""


async def until(look: Callable[[], Awaitable[T | None]], within: float) -> T:
    """What `look` finds, asked again and again; TookTooLong after `within` seconds of None."""
    deadline = time.monotonic() + within
    while True:
        if (found := await look()) is not None:
            return found
        if time.monotonic() >= deadline:
            raise TookTooLong(f"not in {within:g} s")
        await asyncio.sleep(PAUSE)
