"""When to look: a bell for each resource, a pause after each pass, back-off after trouble, a due time when quiet.

bell or due time ──► pass ──► done ──────► wait for a bell, or until `again` is over
                      ▲        conflict ──► at once (a few times, then as below)
                      └─────── trouble ───► 1 s, 2 s, … 60 s, each with jitter; bells wait a second
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from toprope.core.names import label_value
from toprope.core.objects import Ref
from toprope.engine.one_pass import Outcome, Result
from toprope.engine.pause import Streak, back_off, pause_after
from toprope.kind import Kind

Owner = tuple[str, str, str]
"""Namespace, kind, name (as a label value)."""

PASSES_AT_ONCE = 24

log = logging.getLogger(__name__)

OnePass = Callable[[Kind, Ref, int], Awaitable[Outcome]]
Parting = Callable[[int], Awaitable[Outcome]]
"""One try to let a resource go; it is handed how many failed just before."""


class Journal(Protocol):
    """Is told what happens, for metrics."""

    def passed(self, kind: str, result: str, seconds: float) -> None:
        """A pass ended."""
        ...

    def parted(self, kind: str, result: str) -> None:
        """A try to let a resource go ended."""
        ...

    def rang(self, kind: str, why: str) -> None:
        """A bell rang."""
        ...


@dataclass(slots=True)
class _Bell:
    event: asyncio.Event = field(default_factory=asyncio.Event)
    streak: Streak = field(default_factory=Streak)


class Loop:
    """Keeps resources: `keep` each of them, `ring` when something happened to one."""

    def __init__(self, run: OnePass, journal: Journal) -> None:
        self._run = run
        self._journal = journal
        self._bells: dict[Owner, _Bell] = {}
        self._started: dict[object, float] = {}
        self._slots = asyncio.Semaphore(PASSES_AT_ONCE)

    def ring(self, owner: Owner, why: str) -> None:
        """Something happened to the resource, or to its child of kind `why`. Unknown ones are nobody's business."""
        if bell := self._bells.get(owner):
            bell.event.set()
            self._journal.rang(owner[1], why)

    def oldest_unfinished(self) -> float:
        """Age in seconds of the pass, or of the try to let a resource go, that runs longest; 0.0 when none runs. May be
        called from any thread."""
        started = list(self._started.values())
        return time.monotonic() - min(started) if started else 0.0

    @property
    def kept(self) -> int:
        """How many resources are kept."""
        return len(self._bells)

    async def keep(self, kind: Kind, ref: Ref) -> None:
        """Runs passes over the resource until it is cancelled, or somebody else keeps it."""
        owner = ref.namespace, kind.resource.kind, label_value(ref.name)
        if earlier := self._bells.get(owner):
            earlier.event.set()  # that resource went unheard, and was made again: its keeper ends
        bell = self._bells[owner] = _Bell()
        try:
            while self._bells.get(owner) is bell:
                await self._turn(kind, ref, bell)
        finally:
            if self._bells.get(owner) is bell:
                del self._bells[owner]

    async def part(self, kind: Kind, ref: Ref, attempt: Parting) -> None:
        """Tries until the resource may go, with the same back-off."""
        failures = 0
        while True:
            with self._under_way():
                outcome = await attempt(failures)
            self._journal.parted(kind.resource.kind, outcome.result)
            if outcome.error is None:
                return
            failures += 1
            log.warning("%s cannot go yet: %s", ref, outcome.error)
            await asyncio.sleep(back_off(failures, Result.TRANSIENT))

    async def _turn(self, kind: Kind, ref: Ref, bell: _Bell) -> None:
        async with self._slots:
            bell.event.clear()  # clear, then look: nothing is lost
            with self._under_way() as began:
                outcome = await self._run(kind, ref, bell.streak.failures)
        took = time.monotonic() - began
        self._journal.passed(kind.resource.kind, outcome.result, took)
        await _rest(bell, outcome, took)

    @contextmanager
    def _under_way(self) -> Iterator[float]:
        this, began = object(), time.monotonic()
        self._started[this] = began
        try:
            yield began
        finally:
            del self._started[this]


async def _rest(bell: _Bell, outcome: Outcome, took: float) -> None:
    pause = pause_after(outcome, took, bell.streak)
    await asyncio.sleep(pause.deaf)
    try:
        async with asyncio.timeout(pause.longest - pause.deaf):
            await bell.event.wait()
    except TimeoutError:
        return
