"""Links in the cache that all workers share, so that a new worker does not ask the database for each.

Every entry carries its link's version, and nothing older ever replaces something newer: a reader that was slow
cannot revive what changed meanwhile. A change leaves a tombstone of its version. A worker that failed to leave one
trusts the cache no more until it has replayed the database's list of changes, which goes back further than entries
live; the same after its channel was silent, at the start, and with each new connection to the cache: after a fail-over
there is another server behind it, which may hold what was true before a tombstone.

Names begin with the database's own identity: two services on one cache never see each other's links.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

import asyncpg
from redis.asyncio import Redis

from shortener.entry import Entry, packed, unpacked
from toprope_kit.cache import Cache, CacheAway
from toprope_kit.lost import LOST

LIFE = 300
"""Seconds that an entry lives."""

MARGIN = 30
"""Seconds that the replay goes back further than entries live."""

AGAIN = 0.2
"""Seconds until the next try after a failure."""

WAITING = 10_000
"""Changes that may wait to be told; more are learnt by the replay."""

AT_ONCE = 500
"""Entries in one question to the cache, which has a fifth of a second: of many changes no single one takes long."""

PUT = """
local held = tonumber(redis.call('HGET', KEYS[1], 'v') or '-1')
local mine = tonumber(ARGV[1])
if held > mine or (held == mine and ARGV[2] == '') then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'e', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

Replay = Callable[[float], Awaitable[tuple[str, Iterable[tuple[str, int]]]]]
"""Seconds to go back → the database's identity, and each changed slug with its newest version."""


class Shared:
    """The cache as this worker sees it."""

    def __init__(self, cache: Cache, replay: Replay) -> None:
        self._cache = cache
        self._replay = replay
        self._prefix = ""
        self._changes: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._doubts = 0
        """How often something may have been missed: an answer is worth nothing when this grew meanwhile."""
        cache.connected = self.distrust
        self.trusted = False
        """Whether everything in it is known to be true."""

    async def get(self, slug: str) -> Entry | None:
        """The link, when the cache is there, trusted and knows it."""
        if not self.trusted or slug in self._changes:
            return None
        doubts = self._doubts
        try:
            content = await self._cache.attempt(lambda redis: redis.hget(self._name(slug), "e"))
        except CacheAway:
            self.distrust()
            return None
        return unpacked(content) if isinstance(content, bytes) and doubts == self._doubts else None

    async def put(self, slug: str, entry: Entry) -> None:
        """For the others; what they know already is not replaced by something older."""
        if self.trusted:
            await self._write([(slug, entry.version, packed(entry))])

    async def outdated(self, versions: Iterable[tuple[str, int]]) -> list[str]:
        """Which of these links the cache knows to have changed since; none when it is away or was never trusted.

        It is evidence without trust: what it knows may be old, but nothing newer than a link is older than it.
        """
        content = list(versions)
        if not self._prefix:
            return []

        async def ask(redis: Redis) -> list[bytes | None]:
            pipeline = redis.pipeline(transaction=False)
            for slug, _ in content:
                pipeline.hget(self._name(slug), "v")
            newest: list[bytes | None] = await pipeline.execute()
            return newest

        try:
            newest = await self._cache.attempt(ask)
        except CacheAway:
            self.distrust()
            return []
        pairs = zip(content, newest, strict=True)
        return [slug for (slug, version), known in pairs if known is not None and int(known) > version]

    def changed(self, slug: str, version: int) -> None:
        """Tell the cache soon; until then this worker does not ask it for this link."""
        self._changes[slug] = max(version, self._changes.get(slug, 0))
        if len(self._changes) > WAITING:
            self.distrust()
        self._wake.set()

    def distrust(self) -> None:
        """Something may have been missed: ask it for nothing before the changes were replayed."""
        self._doubts += 1
        self.trusted = False
        self._changes.clear()
        self._wake.set()

    async def run(self) -> None:
        """Tell changes and win back trust, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            done = await (self._tell() if self.trusted else self._win_back())
            if not done:
                self._wake.set()
                await asyncio.sleep(AGAIN)

    async def _tell(self) -> bool:
        told = dict(self._changes)
        if not await self._write((slug, version, b"") for slug, version in told.items()):
            return False
        for slug, version in told.items():
            if self._changes.get(slug) == version:
                del self._changes[slug]
        return True

    async def _win_back(self) -> bool:
        try:
            # Whoever has no connection yet gets one now, and doubts before the changes are read, not after.
            await self._cache.attempt(lambda redis: redis.ping())
            doubts = self._doubts
            identity, changes = await self._replay(LIFE + MARGIN)
        except (CacheAway, *LOST, asyncpg.PostgresError):
            return False
        self._prefix = f"toprope:{identity}:link:"
        self.trusted = await self._write((slug, version, b"") for slug, version in changes) and doubts == self._doubts
        return self.trusted

    async def _write(self, entries: Iterable[tuple[str, int, bytes]]) -> bool:
        content = list(entries)
        try:
            for first in range(0, len(content), AT_ONCE):
                await self._cache.attempt(partial(self._put, content[first : first + AT_ONCE]))
        except CacheAway:
            self.distrust()
            return False
        return True

    async def _put(self, entries: list[tuple[str, int, bytes]], redis: Redis) -> None:
        pipeline = redis.pipeline(transaction=False)
        for slug, version, entry in entries:
            pipeline.eval(PUT, 1, self._name(slug), str(version), entry, str(LIFE))
        await pipeline.execute()

    def _name(self, slug: str) -> str:
        return self._prefix + slug
