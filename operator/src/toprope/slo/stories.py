"""The stories that an SLO is proved with: what is asked of a service, how much of it is bad, and who counts."""

from dataclasses import dataclass

from toprope.slo.oracle import Phase, Traffic
from toprope.slo.rules import INTERVAL, Ruled
from toprope.slo.windows import HOUR, MINUTE, Severity

BUSY = 20.0
"""Requests a second."""
EDGE = 0.01
"""How near to a threshold an error ratio says nothing, as a share of it."""
PAST = 8 * HOUR
"""How long a service was well before, in most stories: the maths take any past, and promtool's time grows with it."""
SWING = 100
"""How many times as much is asked in busy hours as in quiet ones."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story of traffic."""

    name: str
    traffic: Traffic
    late_born: bool = False
    """Whether the counters that only bad requests move are born with the first of them."""
    by_pods: bool = False
    """Whether pods count where a gateway could: it has no counters."""


def scenarios(ruled: Ruled) -> list[Scenario]:
    """The stories that every SLO is proved with."""
    longest = max((tier.long for tier in ruled.promise.live), default=HOUR)
    return [
        Scenario("clean-past", _errors(longest + HOUR, BUSY, _apart(ruled, 0.1))),
        Scenario("outage", _errors(PAST, BUSY, 1.0)),
        Scenario("ten-percent", _errors(PAST, BUSY, _apart(ruled, 0.1))),
        Scenario("two-percent", _errors(PAST, BUSY, _apart(ruled, 0.02))),
        Scenario("slow-burn", _errors(PAST, BUSY, _apart(ruled, 0.008))),
        Scenario("healthy", _errors(PAST, BUSY, float(ruled.promise.budget) * 0.9)),
        Scenario("late-born-errors", _errors(PAST, BUSY, _apart(ruled, 0.1)), late_born=True),
        Scenario("gap-without-traffic", Traffic([*_gap(), *_errors(0, BUSY, _apart(ruled, 0.1)).phases])),
        Scenario("low-traffic", _errors(PAST, 1 / (5 * MINUTE), 1.0)),
        Scenario("quiet-errors", _quiet_errors()),
        *_of_pods(ruled),
        *_uncounted(ruled),
    ]


def _apart(ruled: Ruled, bad: float) -> float:
    """That share of bad requests, or a little less where it is the very threshold of a tier, and nothing could tell on
    which side of it a sum of floats comes to lie."""
    thresholds = [float(tier.threshold(ruled.promise.budget)) for tier in ruled.promise.live]
    while any(abs(bad / threshold - 1) < EDGE for threshold in thresholds):
        bad *= 1 - 2 * EDGE
    return bad


def _of_pods(ruled: Ruled) -> list[Scenario]:
    """What happens when they go, and what they count where a gateway could."""
    if not ruled.sli.alive:
        return []
    of_last_hour = BUSY * (HOUR - INTERVAL) / HOUR
    found = [Scenario("nobody-left", _gone(of_last_hour), by_pods=True)]
    if len(ruled.sli.sources) > 1:
        found.append(Scenario("nobody-behind-the-gateway", _gone(BUSY)))
        found.append(Scenario("pods-alone", _errors(PAST, BUSY, _apart(ruled, 0.1)), by_pods=True))
    return found


def _gone(per_second: float) -> Traffic:
    """No pod for half a day, in which so many requests a second are bad."""
    return Traffic([Phase(PAST, BUSY, 0), Phase(12 * HOUR, per_second, 1, up=False), Phase(8 * HOUR, BUSY, 0)])


def _errors(past: int, per_second: float, bad: float) -> Traffic:
    """Clean, then bad for half a day, then clean until all is forgotten but what takes days."""
    clean = [Phase(past, per_second, 0)] if past else []
    return Traffic([*clean, Phase(12 * HOUR, per_second, bad), Phase(8 * HOUR, per_second, 0)])


def _quiet_errors() -> Traffic:
    """All is bad while few ask, and nothing while many do: a mean of ratios would weigh a quiet minute like a busy one,
    and take a few requests for many hours of an outage."""
    return Traffic([Phase(PAST, BUSY, 0), Phase(12 * HOUR, BUSY / SWING, 1), Phase(8 * HOUR, BUSY, 0)])


def _uncounted(ruled: Ruled) -> list[Scenario]:
    """All series end, where somebody wants to be told."""
    if Severity.TICKET not in ruled.promise.severities:
        return []
    well = Phase(PAST, BUSY, float(ruled.promise.budget) * 0.9)
    return [Scenario("nobody-counts", Traffic([well, Phase(HOUR, 0, 0, up=False, counted=False)]))]


def _gap() -> list[Phase]:
    return [Phase(PAST - HOUR, BUSY, 0), Phase(20 * MINUTE, 0, 0), Phase(40 * MINUTE, BUSY, 0)]
