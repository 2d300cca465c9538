"""When alerts begin and cease to fire, beside the maths; and how long a full outage takes to page at any traffic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.report import Figure
from tests.support.outages import availability
from tests.support.promql.groups import evaluated
from tests.support.promql.series import Mask, Values, every
from tests.support.proofs import firing, watched
from toprope.slo.oracle import Phase, Traffic, Turn, turns
from toprope.slo.proof import BIRTH, LATE, LATE_BY_SUMS, SCRAPE
from toprope.slo.rules import BURNING, INTERVAL, Ruled, group, guard
from toprope.slo.stories import BUSY, Scenario
from toprope.slo.windows import HOUR, MINUTE, Severity, Tier, duration

BAD = (1.0, 0.1, 0.02, 0.008)
CLEAN, BURNT, HEALED = 75 * HOUR, 10 * HOUR, 8 * HOUR
RATES = (1, 3, 10, 30, 60, 100, 200, 300, 500, 501, 600, 1_000, 3_000, 10_000, 100_000)
"""Requests an hour."""
WEEK_RATES = (10, 60, 300, 1_000)
"""Requests an hour of an SLO over a week, whose guard asks for more."""
ENOUGH = 500
"""Requests an hour above which the guard may cost no more than a quarter of the time."""


def turning() -> Iterator[Figure]:
    """How much later than the maths say an alert begins to fire after three clean days, and ceases after ten hours."""
    ruled = availability()
    for bad in BAD:
        traffic = Traffic([Phase(CLEAN, BUSY, 0), Phase(BURNT, BUSY, bad), Phase(HEALED, BUSY, 0)])
        for severity in Severity:
            expected = turns(ruled.promise.live, severity, ruled.promise.budget, traffic)
            fires = np.flatnonzero(firing(ruled, Scenario("turning", traffic), severity)) * INTERVAL
            # What ceases first is the short window: its length says how late that may be.
            by_sums = any(tier.short > HOUR for tier in ruled.promise.live if tier.severity is severity)
            name = f"{severity.value} at {bad:.1%} errors"
            yield _late(f"{name} begins", expected[0], int(fires[0]), CLEAN)
            ceased = replace(expected[-1], by_sums=by_sums)
            yield _late(f"{name} ceases", ceased, int(fires[-1]) + INTERVAL, CLEAN + BURNT)


def _late(name: str, turn: Turn, at: int, since: int) -> Figure:
    late, allowed = at - turn.at, LATE_BY_SUMS if turn.by_sums else LATE
    told = f"{name}, {(turn.at - since) / MINUTE:.1f} min by the maths: later by"
    return Figure(told, late, "s", f"<= {allowed}", 0 <= late <= allowed)


@dataclass(frozen=True, slots=True)
class _Outage:
    """Evenly spaced requests, all of which fail from some moment on."""

    per_hour: int
    begins: int
    """Seconds."""
    since_request: float
    """Share of the distance between two requests that has passed then."""
    seconds: int

    def counts(self, at: Values) -> tuple[Values, Values]:
        """Good and bad requests until then."""
        first = self.since_request - self.begins * self.per_hour / HOUR
        first -= np.floor(first)
        good = np.floor(np.minimum(at, self.begins) * self.per_hour / HOUR + first)
        return good, np.floor(at * self.per_hour / HOUR + first) - good


def outages() -> Iterator[Figure]:
    """How long after its beginning a full outage pages, at worst, beside the time without the guard."""
    yield from _outages(availability(), RATES)
    yield from _outages(availability(window="7d"), WEEK_RATES)


def _outages(ruled: Ruled, rates: Sequence[int]) -> Iterator[Figure]:
    over = duration(ruled.promise.window)
    free = 1.25 * min(float(tier.threshold(ruled.promise.budget)) * tier.long for tier in _paging(ruled))
    for rate in rates:
        allowed = free + 2 * INTERVAL if rate > ENOUGH else max(HOUR, 5 * HOUR / rate)
        guarded, unguarded = (max(_paged(rules, ruled, rate)) for rules in (group(ruled), _unguarded(ruled)))
        name, told = f"full outage to page, {over}, {rate:,} requests an hour", f"{unguarded:.0f} s without the guard"
        yield Figure(name, guarded, "s", f"<= {allowed:.0f}", guarded <= allowed, told)


def _paging(ruled: Ruled) -> list[Tier]:
    return [tier for tier in ruled.promise.live if tier.severity is Severity.PAGE]


def _paged(rules: dict[str, Any], ruled: Ruled, per_hour: int) -> Iterator[int]:
    """Seconds from an outage to its first page, for outages between evaluations and between requests."""
    for since_evaluation in (1, 21, 41):
        for since_request in (0.01, 0.5, 0.99):
            begins = 8 * HOUR + since_evaluation
            outage = _Outage(per_hour, begins, since_request, max(HOUR, 8 * HOUR // per_hour))
            fires = _firing(rules, ruled, outage)
            yield int(np.argmax(fires)) * INTERVAL - begins if fires.any() else outage.seconds


def _firing(rules: dict[str, Any], ruled: Ruled, outage: _Outage) -> Mask:
    until = outage.begins + outage.seconds
    at = np.arange(5, until + 1, SCRAPE, dtype=np.float64)
    good, bad = outage.counts(at)
    always = np.ones(at.size, dtype=np.bool_)
    stored = [
        watched(one.name, at, BIRTH + one.by_good * good + one.by_bad * bad, always)
        for one in ruled.sli.sources[0].examples
    ]
    if ruled.sli.alive:
        stored.append(watched(ruled.sli.alive, at, np.ones(at.size), always))
    return evaluated(rules, stored, every(INTERVAL, until)).firing(BURNING, severity=Severity.PAGE.value)


def _unguarded(ruled: Ruled) -> dict[str, Any]:
    rules = group(ruled)
    guards = [f" and {guard(ruled, tier)}" for tier in _paging(ruled)]
    for rule in rules["rules"]:
        for one in guards:
            rule["expr"] = rule["expr"].replace(one, "")
    return rules
