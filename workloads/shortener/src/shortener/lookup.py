"""From slug to link: this worker's memory, then the shared cache, then the database.

A link that is read while it changes is answered once and not remembered: the change spoils every reading that began
before it. Readings of one slug are shared, so that a link which becomes popular costs one question.

When a link is changed, disabled or deleted, this worker stops following what it was, by what it can reach:

    the database          within a second: it hears of the change, or asks anew
    the cache alone       within a second of the cache's hearing: before a known link is followed, and again after
                          0.8 s, the cache is asked whether it changed. Other workers tell it of changes. What the link
                          is now it may know, too; else the answer is 503
    neither               when one of them is back. Nobody can tell a dead database, where nothing changes, from a cut
                          way: we choose that known links go on. Of changes meanwhile the cache remembers five minutes,
                          the database all
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from shortener.channel import Channel
from shortener.entry import Entry
from shortener.memory import Held, Memory
from shortener.service import CACHE_HITS, DATABASE_HITS, MEMORY_HITS, STALE_HITS
from shortener.shared import AT_ONCE, Shared
from toprope_kit.database import DatabaseAway
from toprope_kit.memory import Slot

UNHEARD_LIFE = 0.8
"""Seconds that something remembered is believed while changes cannot be heard."""

HEARD_LIFE = 600.0
"""Seconds that something remembered is believed at most, although any change of it would be heard."""

PATIENCE = 1.0
"""Seconds that a known link waits for a database that does not say that it is away."""

SWEEP_EVERY = 60.0
"""Seconds between two looks for changes of all known links, while the database is away: well before the cache forgets
that something changed."""

Resolve = Callable[[str], Awaitable[Entry | None]]


def servable(held: Held, channel_fresh: bool, now: float) -> bool:
    """Whether what is held may be answered without asking again."""
    if now - max(held.read_at, held.kept_at) < UNHEARD_LIFE:
        return True
    return channel_fresh and now - held.read_at < HEARD_LIFE


class Lookup:
    """Finds links for one worker."""

    def __init__(self, memory: Memory, shared: Shared, resolve: Resolve, numbers: Slot) -> None:
        self._memory = memory
        self._shared = shared
        self._resolve = resolve
        self._numbers = numbers
        self._readings: dict[str, asyncio.Task[Entry | None]] = {}
        self._putting: set[asyncio.Task[None]] = set()
        self._from_memory = numbers.cell(MEMORY_HITS)
        self.channel: Channel | None = None

    def at_once(self, slug: str) -> Entry | None:
        """The link, when it can be answered without waiting for anything."""
        held = self._memory.get(slug)
        if held is None or held.entry is None or not self._servable(held):
            return None
        self._from_memory.add(1)
        return held.entry

    async def find(self, slug: str) -> Entry | None:
        """The link, or None when there is none; DatabaseAway when nobody can know."""
        held = self._memory.get(slug)
        if held is not None and self._servable(held):
            self._from_memory.add(1)
            return held.entry
        known = held is not None and held.entry is not None
        if known and self._away():
            return await self._kept(slug)
        try:
            async with asyncio.timeout(PATIENCE if known else None):
                return await asyncio.shield(self._reading(slug))
        except (DatabaseAway, TimeoutError):
            if not known:
                raise
        return await self._kept(slug)

    async def sweep(self) -> None:
        """While the database is away: forget what the cache knows to have changed, also when nobody asks for it."""
        if not self._away():
            return
        held = self._memory.versions()
        for first in range(0, len(held), AT_ONCE):
            for slug in await self._shared.outdated(held[first : first + AT_ONCE]):
                self._memory.forget(slug)

    def changed(self, slug: str, version: int) -> None:
        """A link was made, changed or deleted: what was read of it before is worth nothing.

        What is this very version stays: who asks first may learn it before the news of it come.
        """
        held = self._memory.get(slug)
        if held is None or held.entry is None or held.entry.version != version:
            self._memory.forget(slug)
        self._readings.pop(slug, None)
        self._shared.changed(slug, version)

    def gap(self) -> None:
        """Any link may have changed. What is held stays for when the database is away, but is asked anew before use."""
        self._memory.age()
        self._readings.clear()
        self._shared.distrust()

    async def _kept(self, slug: str) -> Entry | None:
        """The link as it is known, unless it changed: as far as the cache knows, now that the database is away."""
        held = self._memory.get(slug)
        if held is None or held.entry is None:
            raise DatabaseAway("The link changed, and the database does not answer. Try again in a moment.")
        # Before asking: one visitor waits for the cache, not all who come meanwhile.
        self._memory.put(slug, replace(held, kept_at=time.monotonic()))
        if await self._shared.outdated([(slug, held.entry.version)]):
            self._memory.forget(slug)
            return await self.find(slug)
        self._numbers.cell(STALE_HITS).add(1)
        return held.entry

    def _servable(self, held: Held) -> bool:
        return servable(held, self._hears(), time.monotonic())

    def _reading(self, slug: str) -> asyncio.Task[Entry | None]:
        reading = self._readings.get(slug)
        if reading is None:
            reading = self._readings[slug] = asyncio.create_task(self._read(slug))
            reading.add_done_callback(lambda done: done.cancelled() or done.exception())
        return reading

    async def _read(self, slug: str) -> Entry | None:
        ours, began = asyncio.current_task(), time.monotonic()
        try:
            entry, shared = await self._ask(slug)
            if self._readings.get(slug) is ours:
                self._memory.put(slug, Held(entry, began))
                if entry is not None and not shared and self._hears():
                    self._share(slug, entry)
            return entry
        finally:
            if self._readings.get(slug) is ours:
                del self._readings[slug]

    async def _ask(self, slug: str) -> tuple[Entry | None, bool]:
        """The link, and whether the cache said so; the cache speaks first only while changes are heard."""
        if self._hears() and (entry := await self._from_cache(slug)):
            return entry, True
        try:
            entry = await self._resolve(slug)
        except DatabaseAway:
            if entry := await self._from_cache(slug):
                return entry, True
            raise
        self._numbers.cell(DATABASE_HITS).add(1)
        return entry, False

    async def _from_cache(self, slug: str) -> Entry | None:
        entry = await self._shared.get(slug)
        if entry is not None:
            self._numbers.cell(CACHE_HITS).add(1)
        return entry

    def _hears(self) -> bool:
        return self.channel is not None and self.channel.fresh

    def _away(self) -> bool:
        return self.channel is not None and self.channel.away

    def _share(self, slug: str, entry: Entry) -> None:
        putting = asyncio.create_task(self._shared.put(slug, entry))
        self._putting.add(putting)
        putting.add_done_callback(self._putting.discard)
