"""Over which windows an SLO is looked at, and how fast its budget may burn in each.

T is the objective (0 to 1), EB = 1 - T the error budget, P the SLO's window. A tier fires while the error ratio over
both of its windows is above f · EB, where f is the factor by which the budget burns. A tier that spends the share s of
the budget within its long window W has f = s · P / W (Beyer et al., "The Site Reliability Workbook", chapter 5).

Constant traffic with the error ratio e and a clean past: a tier fires f · EB · W / e after the errors began, never when
e ≤ f · EB; it ends W_short · (1 - f · EB / e) after they ended.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

MINUTE, HOUR, DAY = 60, 3600, 86400
SHORTEST, LONGEST = 7, 90
"""Days of the windows that may be promised over."""
SHORTEST_KEPT = 28 * DAY
"""From here on the windows are those of 30 days and the factors follow; below it the windows shrink instead, for a
factor below 1 would fire while the objective is met."""
REFERENCE = 30 * DAY
SHRUNK_PAGE_SIGMAS = 8
"""Of a page whose windows shrank: a year holds more of them, at 7 days 4.3 times as many, and each is a chance to page
for nothing. What makes up for that is measured (`bench/slo_false_pages`): just below a step of the guard, 7 would leave
a week's SLO more than one false page a year. Tickets wake nobody and keep theirs."""
FLOOR = Decimal("1.5")
"""Bad events that fire nothing, whatever the extrapolation of a rate makes of a single one."""


NEARLY = 2 * HOUR
"""How much of its window a history may lack and still be whole: its beginning is known to the hour."""


class Severity(StrEnum):
    """What an alert does to a person."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Tier:
    """One pair of windows and the burn that fires it. Windows in seconds."""

    name: str
    """As in the status: `pageQuick`."""
    severity: Severity
    short: int
    long: int
    factor: Fraction
    """Burn rate above which the tier fires; a decimal of any length may be cut, and a dead tier live by that."""
    sigmas: int
    """Standard deviations of the bad events that, beside `FLOOR`, count as chance."""

    def threshold(self, budget: Decimal) -> Decimal:
        """The error ratio above which the tier fires, at the error budget `budget` (0 to 1)."""
        exact = self.factor * Fraction(budget)
        return Decimal(exact.numerator) / exact.denominator

    def chance(self, budget: float, events: float) -> float:
        """Bad events among so many that could be chance in a service that just meets its objective: FLOOR + k · sigma.

        Each of N events is bad with probability EB: sigma = √(N · EB · (1 - EB)). The mean N · EB is not added, for the
        threshold f · N · EB, which has to be passed as well, holds it already; this speaks where traffic is low.
        """
        return float(FLOOR) + self.sigmas * math.sqrt(budget * (1 - budget) * events)

    def is_dead(self, budget: Decimal) -> bool:
        """Whether the tier cannot fire even if every request fails."""
        return self.factor * Fraction(budget) >= 1


@dataclass(frozen=True, slots=True)
class _Share:
    name: str
    severity: Severity
    spent: Decimal
    short: int
    long: int
    sigmas: int
    """While its windows are kept."""


_SHARES = (
    _Share("pageQuick", Severity.PAGE, Decimal("0.02"), 5 * MINUTE, HOUR, 6),
    _Share("pageSlow", Severity.PAGE, Decimal("0.05"), 30 * MINUTE, 6 * HOUR, 6),
    _Share("ticketQuick", Severity.TICKET, Decimal("0.1"), 2 * HOUR, DAY, 3),
    _Share("ticketSlow", Severity.TICKET, Decimal("0.1"), 6 * HOUR, 3 * DAY, 3),
)


def budget_of(objective: str) -> Decimal:
    """The error budget of an objective in percent, exactly: `99.9` leaves 0.001."""
    return 1 - Decimal(objective) / 100


def days(window: str) -> int:
    """The whole days of a window: `30d` is 30."""
    return int(window.removesuffix("d"))


@lru_cache(maxsize=128)
def tiers(window: int) -> Sequence[Tier]:
    """The tiers of an SLO window of so many seconds, fastest first."""
    return tuple(_tier(share, window) for share in _SHARES)


def _tier(share: _Share, window: int) -> Tier:
    kept = window >= SHORTEST_KEPT
    short, long = (share.short, share.long) if kept else (_shrunk(share.short, window), _shrunk(share.long, window))
    sigmas = share.sigmas if kept or share.severity is Severity.TICKET else SHRUNK_PAGE_SIGMAS
    return Tier(share.name, share.severity, short, long, Fraction(share.spent) * window / long, sigmas)


def _shrunk(seconds: int, window: int) -> int:
    return seconds * window // REFERENCE


def all_windows(window: int) -> Sequence[int]:
    """Every window in seconds that something is recorded over, shortest first, the SLO's own last."""
    looked_at = {length for tier in tiers(window) for length in (tier.short, tier.long)}
    return [*sorted(looked_at), window]


def today(window: int) -> int:
    """What is called today: a day, shorter where the windows of a short SLO are."""
    return min(tier.long for tier in tiers(window) if tier.severity is Severity.TICKET)


def duration(seconds: int) -> str:
    """As Prometheus reads it, in one unit: `5m`, `30d`, `70s`."""
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
