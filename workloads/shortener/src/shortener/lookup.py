"""From slug to link: this worker's memory, then the shared cache, then the database.

A link that is read while it changes is answered once and not remembered: the change spoils every reading that began
before it. Readings of one slug are shared, so that a link which becomes popular costs one question.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from shortener.channel import Channel
from shortener.entry import Entry
from shortener.memory import Held, Memory
from shortener.service import CACHE_HITS, DATABASE_HITS, MEMORY_HITS, STALE_HITS
from shortener.shared import Shared
from toprope_kit.database import DatabaseAway
from toprope_kit.memory import Slot

UNHEARD_LIFE = 0.8
"""Seconds that something remembered is believed while changes cannot be heard."""

HEARD_LIFE = 600.0
"""Seconds that something remembered is believed at most, although any change of it would be heard."""

Resolve = Callable[[str], Awaitable[Entry | None]]


def servable(held: Held, channel_fresh: bool, database_away: bool, now: float) -> bool:
    """Whether what is held may be answered without asking again."""
    age = now - held.read_at
    if age < UNHEARD_LIFE:
        return True
    if channel_fresh:
        return age < HEARD_LIFE
    # Nobody can change a link while the database is away. Should only our way to it be cut, this is what we choose:
    # links that are known go on.
    return database_away and held.entry is not None


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
        try:
            return await asyncio.shield(self._reading(slug))
        except DatabaseAway:
            if held is None or held.entry is None:
                raise
            self._numbers.cell(STALE_HITS).add(1)
            return held.entry

    def changed(self, slug: str, version: int) -> None:
        """A link was made, changed or deleted: what was read of it before is worth nothing."""
        self._memory.forget(slug)
        self._readings.pop(slug, None)
        self._shared.changed(slug, version)

    def gap(self) -> None:
        """Any link may have changed. What is held stays for when the database is away, but is asked anew before use."""
        self._memory.age()
        self._readings.clear()
        self._shared.distrust()

    def _servable(self, held: Held) -> bool:
        channel = self.channel
        fresh, away = (channel.fresh, channel.away) if channel else (False, False)
        return servable(held, fresh, away, time.monotonic())

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

    def _share(self, slug: str, entry: Entry) -> None:
        putting = asyncio.create_task(self._shared.put(slug, entry))
        self._putting.add(putting)
        putting.add_done_callback(self._putting.discard)
