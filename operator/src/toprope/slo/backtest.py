"""What would have become of an SLO: how its budget would have gone, and when its alerts would have fired.

    rates (`raw`) ─► events in each window ─┬─► error ratios, guard ─► tiers ─► firings
                                            └─► budget left, minute by minute

It is what the rules would have recorded, had they been applied at the first evaluation: what was before counts for
nothing, and a history shorter than the SLO's window has the budget of a whole one, as in the status.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan

from toprope.slo.raw import LOOKED, Rates, Raw, Values, evaluations, rates, sums
from toprope.slo.rules import BASE, INTERVAL, Ruled
from toprope.slo.windows import DAY, HOUR, NEARLY, Severity, Tier, today

_HELD = 4
"""Evaluations for which Alertmanager holds an alert that it hears nothing of."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that somebody would have been called."""

    severity: Severity
    since: int
    """Seconds since 1970."""
    until: int | None
    """The first evaluation without it; None when it would fire still."""
    tiers: tuple[str, ...]
    """Those that held, in the order in which they began to."""
    peak: float
    """The highest burn rate of those tiers, each that of the window in which it is lower."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What would have become of one SLO. What is not known is None."""

    ruled: Ruled
    begin: int | None
    """When Prometheus' memory begins, within what was asked for."""
    total: float
    """Events, those that nobody could count included."""
    bad: float
    lost: float
    """Events that nobody could count: they are among the bad."""
    minutes: int
    """Evaluations since `begin`."""
    silent: int
    """Those of them that found no data."""
    lost_minutes: int
    """Those of them at which nobody was left to count."""
    attained: float | None
    """Percent of good events in the SLO's window, at the end."""
    remaining: float | None
    """Share of the budget that is left, at the end."""
    lowest: tuple[int, float] | None
    """When least of it was left, and how much."""
    knows_up: bool
    """Whether anybody's `up` is there. Without, nothing can be found to be lost."""
    course: Sequence[tuple[int, float]]
    """How much was left at each evaluation that knew."""
    firings: Sequence[Firing]
    """In the order of their beginnings."""

    @property
    def nothing(self) -> bool:
        """Whether there is none of the counters that the SLO counts with."""
        return self.silent == self.minutes

    def of(self, severity: Severity) -> list[Firing]:
        """The firings of one severity."""
        return [one for one in self.firings if one.severity is severity]


def backtest(ruled: Ruled, raw: Raw) -> Backtest:
    """What would have become of the SLO. `raw` answers `raw.questions`."""
    look = Look(ruled, raw)
    looked = [now for now, is_there in enumerate(look.rates.looked) if is_there]
    begin, end = (looked[0], looked[-1]) if looked else (0, 0)
    left = remaining(look)
    course = [(look.at(now), share) for now, share in enumerate(left) if not isnan(share)]
    total, bad = look.rates.total[BASE], look.rates.bad[BASE]
    severities = dict.fromkeys(tier.severity for tier in ruled.promise.live)
    firings = [firing for severity in severities for firing in _firings(look, severity)]
    return Backtest(
        ruled=ruled,
        begin=look.at(begin) if looked else None,
        total=_events(total),
        bad=_events(bad),
        lost=_events(look.rates.lost),
        minutes=len(total[begin:]) if looked else 0,
        silent=sum(map(isnan, total[begin:])) if looked else 0,
        lost_minutes=sum(one > 0 for one in look.rates.lost),
        attained=_attained(look, end),
        remaining=None if isnan(left[end]) else left[end],
        lowest=min(course, key=lambda point: point[1], default=None),
        knows_up=not all(map(isnan, raw.answers[LOOKED])),
        course=course,
        firings=sorted(firings, key=lambda firing: firing.since),
    )


class Look:
    """The events of one SLO in any of its windows."""

    def __init__(self, ruled: Ruled, raw: Raw) -> None:
        self.promise = ruled.promise
        self.budget = float(ruled.promise.budget)
        self.rates: Rates = rates(ruled, raw)
        self._start = raw.start
        self._known: dict[tuple[int, str], Values] = {}

    def at(self, evaluation: int) -> int:
        """When it was, in seconds since 1970."""
        return self._start + evaluation * INTERVAL

    def total(self, window: int) -> Values:
        """All events in so many seconds before each evaluation."""
        return self._events(window, "total", self.rates.total)

    def bad(self, window: int) -> Values:
        """The bad ones."""
        return self._events(window, "bad", self.rates.bad)

    def _events(self, window: int, side: str, rated: Mapping[int, Values]) -> Values:
        if (window, side) not in self._known:
            self._known[window, side] = self._increase(window, rated)
        return self._known[window, side]

    def _increase(self, window: int, rated: Mapping[int, Values]) -> Values:
        if window <= HOUR:
            return [one * window for one in rated[window]]
        summed = sums(rated[BASE], evaluations(window))
        return [one * INTERVAL if looked else nan for one, looked in zip(summed, self.rates.looked, strict=True)]


def _events(rate: Values) -> float:
    return sum(one for one in rate if not isnan(one)) * INTERVAL


def _attained(look: Look, end: int) -> float | None:
    total, bad = look.total(look.promise.window)[end], look.bad(look.promise.window)[end]
    return 100 * min(1.0, max(0.0, 1 - bad / total)) if total > 0 else None


def remaining(look: Look) -> Values:
    """The share of the budget that is left, as `rules.allowed` has it: while the history is younger than the window,
    the budget is that of a whole window at today's rate, if that is more than was seen."""
    window, rate = look.promise.window, look.rates.total[BASE]
    lately = evaluations(today(window))
    rated, known = sums(rate, lately), sums([nan if isnan(one) else 1.0 for one in rate], lately)
    foreseen = [total / count * window for total, count in zip(rated, known, strict=True)]
    events = zip(look.bad(window), look.total(window), foreseen, _is_whole(look), strict=True)
    return [_left(look.budget, bad, total, nan if whole else more) for bad, total, more, whole in events]


def _is_whole(look: Look) -> list[bool]:
    """Whether anything was evaluated on the day before the window's beginning."""
    shift, looked = (look.promise.window - NEARLY) // INTERVAL, look.rates.looked
    within_a_day = sums([1.0 if one else nan for one in looked], DAY // INTERVAL + 1)
    return [now >= shift and not isnan(within_a_day[now - shift]) for now in range(len(looked))]


def _left(budget: float, bad: float, total: float, foreseen: float) -> float:
    if not total > 0:
        return nan
    return 1 - bad / (budget * (foreseen if foreseen > total else total))


def _firings(look: Look, severity: Severity) -> Iterator[Firing]:
    burns = {tier.name: _burns(look, tier) for tier in look.promise.live if tier.severity is severity}
    firing = [not all(map(isnan, held)) for held in zip(*burns.values(), strict=True)]
    for span in _spans(firing, look.rates.looked):
        first, last = span[0], span[-1]
        held = {name: [now for now in span if not isnan(burn[now])] for name, burn in burns.items()}
        began = {name: evaluations[0] for name, evaluations in held.items() if evaluations}
        yield Firing(
            severity=severity,
            since=look.at(first),
            until=None if not any(look.rates.looked[last + 1 :]) else look.at(last + 1),
            tiers=tuple(sorted(began, key=lambda name: began[name])),
            peak=max(burns[name][now] for name in began for now in held[name]),
        )


def _burns(look: Look, tier: Tier) -> Values:
    """The burn rate wherever the tier holds, as `rules.fires` says it; nan elsewhere."""
    threshold = float(tier.threshold(look.promise.budget))
    short = zip(look.bad(tier.short), look.total(tier.short), strict=True)
    long = zip(look.bad(tier.long), look.total(tier.long), strict=True)
    return [
        min(bad / total, bad_long / total_long) / look.budget
        if total > 0
        and total_long > 0
        and bad / total > threshold
        and bad_long / total_long > threshold
        and bad_long > tier.chance(look.budget, total_long)
        else nan
        for (bad, total), (bad_long, total_long) in zip(short, long, strict=True)
    ]


def _spans(firing: Sequence[bool], looked: Sequence[bool]) -> list[list[int]]:
    """The evaluations of each time that it fires without an end."""
    spans: list[list[int]] = []
    before: int | None = None
    for now in (now for now, is_there in enumerate(looked) if is_there):
        if firing[now]:
            if spans and spans[-1][-1] == before and now - before <= _HELD:
                spans[-1].append(now)
            else:
                spans.append([now])
        before = now
    return spans
