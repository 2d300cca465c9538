"""Passwords of links: a slow hash, away from the event loop, and few at a time.

One hash takes 19 MiB and some tens of milliseconds. Two threads do them; more would only take the cores from the
redirects.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from toprope_kit.problem import Unavailable

T = TypeVar("T")

WAITING = 32
"""Passwords that may wait for a thread; who comes then is asked to come again."""


class Passwords:
    """Hashes and checks for one worker."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """What is stored instead of the password."""
        return await self._away(lambda: self._hasher.hash(password))

    async def right(self, stored: str, password: str) -> bool:
        """Whether this password was stored as that."""
        return await self._away(lambda: self._verified(stored, password))

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verified(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _away(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING:
            raise Unavailable("Too many passwords are being checked just now.", retry_after=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
