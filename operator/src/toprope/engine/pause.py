"""How long a resource rests after a pass, told by how the pass ended and by what went wrong before."""

import random
from dataclasses import dataclass

from toprope.core.errors import Transient
from toprope.engine.one_pass import Outcome, Result

BREATH = 0.025
"""Seconds between two passes of one resource: what rings meanwhile is one pass."""
LONGEST_BREATH = 0.5
CONFLICTS_IN_A_ROW = 5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
REFUSED_PAUSE = 15.0
"""The first pause after a refusal; it doubles up to five minutes: the cure usually rings a bell itself."""


@dataclass(slots=True)
class Streak:
    """What went wrong in a row; a good pass ends it."""

    failures: int = 0
    conflicts: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds, the shorter first."""

    deaf: float
    """In which no bell is heard."""
    longest: float
    """After which to look anyway."""


def pause_after(outcome: Outcome, took: float, streak: Streak) -> Pause:
    """The rest after a pass that took so many seconds; goes on with the streak, or ends it."""
    # A cluster that answers slowly is asked less often, and what rings meanwhile is one pass.
    breath = max(outcome.breath.total_seconds(), min(LONGEST_BREATH, max(BREATH, took / 4)))
    if outcome.result in (Result.DONE, Result.IDLE):
        streak.failures = streak.conflicts = 0
        return Pause(breath, max(breath, _due(outcome)))
    if outcome.result is Result.CONFLICT and streak.conflicts < CONFLICTS_IN_A_ROW:
        streak.conflicts += 1
        return Pause(breath, breath)
    streak.failures += 1
    asked = _asked(outcome.error)
    pause = max(asked, back_off(streak.failures, outcome.result))
    deaf = max(asked, breath, min(pause, FIRST_PAUSE))
    # What one refused child leaves in motion has its own times.
    return Pause(deaf, max(deaf, min(pause, _due(outcome))))


def _due(outcome: Outcome) -> float:
    # Jitter, so that a thousand resources that began together do not stay together.
    return outcome.again.total_seconds() * random.uniform(0.9, 1.1)  # noqa: S311


def _asked(error: BaseException | None) -> float:
    """A server, or a proxy before it, that asks for an hour must not make us deaf for one."""
    return min(LONGEST_PAUSE, (error.retry_after or 0.0) if isinstance(error, Transient) else 0.0)


def back_off(failures: int, result: Result) -> float:
    """Seconds after so many failures in a row."""
    first, longest = (REFUSED_PAUSE, 300.0) if result is Result.REFUSED else (FIRST_PAUSE, LONGEST_PAUSE)
    return float(min(longest, first * 2 ** min(failures - 1, 10)) * random.uniform(0.7, 1.0))  # noqa: S311
