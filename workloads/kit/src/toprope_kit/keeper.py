"""Keeps one worker alive: starts it, watches its heart, and when it dies settles what it left and starts the next.

A worker that died after serving comes back at once, one that keeps dying comes back ever more slowly. One that never
served at all is tried a few times and then given up, with the sentence it left: restarting a wrong configuration for
ever would only hide it.
"""

import asyncio
import logging
import signal
import time
from collections import Counter as Tally

from toprope_kit import logs
from toprope_kit.channel import Birth
from toprope_kit.child import Child
from toprope_kit.memory import HEARTBEAT, Slot
from toprope_kit.ops import WorkerState
from toprope_kit.requests import bury
from toprope_kit.service import Gauge, Service

logger = logging.getLogger(__name__)
STARTS_BEFORE_GIVING_UP = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
LIVED_WELL = 10.0
REPORT_IS_OLD = 5.0
START_IS_LONG = 60.0


class CannotRun(Exception):
    """The service does not start; the message is for a person."""


class Keeper:
    """One of the workers, over all its lives."""

    def __init__(self, birth: Birth, slot: Slot, stuck_after: float) -> None:
        self.restarts: Tally[str] = Tally()
        """Deaths by reason: `exit`, `signal`, `stuck`."""
        self._birth = birth
        self._slot = slot
        self._stuck_after = stuck_after
        self._child: Child | None = None
        self._leaving = asyncio.Event()
        self._served = False

    async def keep(self) -> int:
        """Until told to leave: the last worker's exit code. CannotRun when it never served."""
        pause = FIRST_PAUSE
        failures = 0
        while True:
            self._child = child = await Child.start(self._birth)
            # SIGTERM may have come while the process was being made.
            if self._leaving.is_set():
                child.send_signal(signal.SIGTERM)
            code = await child.ended()
            bury_worker(self._birth.service, self._slot)
            if self._leaving.is_set():
                # Ended while it was still being born: it had nothing to drain.
                return code if child.served or code != -signal.SIGTERM else 0
            self._served = self._served or child.served
            failures = 0 if self._served else failures + 1
            self._mourn(child, code)
            if failures >= STARTS_BEFORE_GIVING_UP:
                name = self._birth.service.name
                raise CannotRun(child.report.sentence or f"{name} ended with {code} before it served.")
            pause = FIRST_PAUSE if time.monotonic() - child.born > LIVED_WELL else min(pause * 2, LONGEST_PAUSE)
            await self._rest(pause)

    def leave(self, grace: float) -> None:
        """Drain, and be killed when that takes longer than `grace` seconds."""
        self._leaving.set()
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)
        asyncio.get_running_loop().call_later(grace, self._kill)

    def watch(self) -> None:
        """End a worker that has been stuck for so long that it will not come back; it says on stderr where it stood."""
        child = self._child
        if child is not None and not child.stuck and self.standstill() > 2 * self._stuck_after:
            child.stuck = True
            child.send_signal(signal.SIGABRT)

    def standstill(self) -> float:
        """Seconds for which the worker's event loop has not moved; a start may take its time."""
        beat = self._slot.reals[HEARTBEAT]
        if beat:
            return max(0.0, time.monotonic() - beat)
        return 0.0 if self._child is None else max(0.0, time.monotonic() - self._child.born - START_IS_LONG)

    def state(self) -> WorkerState:
        """How it is now."""
        standstill = self.standstill()
        stuck = standstill > self._stuck_after
        child = self._child
        if child is None or child.process.returncode is not None:
            return WorkerState(self._birth.index, 0, "dead", standstill, stuck, False, (), self.restarts.total())
        ready = child.report.ready and not stuck and time.monotonic() - child.reported < REPORT_IS_OLD
        return WorkerState(
            self._birth.index, child.process.pid, child.report.phase, standstill, stuck, ready, child.report.findings,
            self.restarts.total(),
        )  # fmt: skip

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._leaving.wait()
        except TimeoutError:
            return

    def _mourn(self, child: Child, code: int) -> None:
        reason = "stuck" if child.stuck else "signal" if code < 0 else "exit"
        self.restarts[reason] += 1
        logs.say(
            logger, "a worker ended and is started again", logging.ERROR,
            worker_index=self._birth.index, reason=reason, code=code, cause=child.report.sentence,
        )  # fmt: skip

    def _kill(self) -> None:
        if self._child is not None and self._child.process.returncode is None:
            logs.say(logger, "a worker did not drain within the grace time and is killed", logging.ERROR)
            self._child.send_signal(signal.SIGKILL)


def bury_worker(service: Service, slot: Slot) -> None:
    """Settle the counts of a worker that died: requests it cut, and what its gauges held."""
    bury(slot)
    slot.reals[HEARTBEAT] = 0.0
    for number in service.numbers:
        if isinstance(number, Gauge):
            held = slot.cell(number)
            if number.on_death is not None:
                slot.cell(number.on_death).add(held.value)
            held.set(0)
