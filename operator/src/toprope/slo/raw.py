"""The counters of an SLO minute by minute, and what its rules would have recorded of them as rates.

The rules read records of their own: who decides, what was lost. Where they never ran there are none. So only what
their expressions take from counters is asked for, and what they would have decided is decided here:

    each source, rated ─► who decides ─┬─► lost, while nobody could count ─┬─► total, bad: events a second, by window
    who is up, and ready ──────────────┘                                   │
    when Prometheus looked at all ─────────────────────────────────────────┘
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from math import isnan, nan

from toprope.slo.counters import decider, rated, sees, serving, up
from toprope.slo.rules import BASE, INTERVAL, REMEMBERED, Ruled
from toprope.slo.windows import HOUR

LOOKED = "count(count_over_time(up[90s]))"
"""Has a sample while Prometheus scrapes, whatever it finds: where it does not, its rules would not have run either.
Half as long again as the longest usual pause between two scrapes."""
_ENOUGH, _OF = 3, 5
"""So many of the last evaluations must have been, or nothing counts as lost (`rules.lost_rate`)."""

Values = Sequence[float]
"""One for each evaluation; nan where there is no sample."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What Prometheus answered."""

    start: int
    """The first evaluation, in seconds since 1970; the others follow a minute apart."""
    count: int
    """How many evaluations there are."""
    answers: Mapping[str, Values]
    """By expression."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What the rules would have recorded of one SLO, had they been applied at the first evaluation."""

    looked: Sequence[bool]
    """Whether Prometheus was there to evaluate anything."""
    lost: Values
    """Events a second that nobody was left to count; 0 while somebody was."""
    total: Mapping[int, Values]
    """Events a second, by seconds of the window that they are rated in."""
    bad: Mapping[int, Values]


def rated_windows(ruled: Ruled) -> list[int]:
    """Windows that counters are rated in: that of the sums, and the short ones that somebody looks at."""
    looked_at = {window for tier in ruled.promise.live for window in (tier.short, tier.long)}
    return sorted({BASE, *(window for window in looked_at if window <= HOUR)})


def questions(ruled: Ruled) -> list[str]:
    """All expressions whose answers `rates` needs."""
    sources, alive = ruled.sli.sources, ruled.sli.alive
    asked = [LOOKED]
    asked += [decider(ruled.sli)] if len(sources) > 1 else []
    asked += [sees(ruled.sli), up(alive), serving(ruled.sli)] if alive else []
    asked += [rated(source, source.total, HOUR) for source in sources if alive]
    for window in rated_windows(ruled):
        asked += [rated(source, tally, window) for source in sources for tally in (source.total, source.bad)]
    return list(dict.fromkeys(asked))


def rates(ruled: Ruled, raw: Raw) -> Rates:
    """What the rules would have recorded."""
    looked = _looked(ruled, raw)
    lost, alive = _lost(ruled, raw, looked), _alive(ruled, raw)
    totals: dict[int, Values] = {}
    bads: dict[int, Values] = {}
    for window in rated_windows(ruled):
        lately = [one * INTERVAL / window for one in sums(lost, evaluations(window))]
        total = _with_lost(_counted(ruled, raw, window, "total"), lately, alive, looked)
        bad = [
            nan if isnan(all_of_them) else one
            for one, all_of_them in zip(_counted(ruled, raw, window, "bad"), total, strict=True)
        ]
        totals[window], bads[window] = total, _with_lost(bad, lately, alive, looked)
    return Rates(looked, lost, totals, bads)


def _looked(ruled: Ruled, raw: Raw) -> list[bool]:
    """A store without any `up` is believed to have been there from the first count on."""
    found = [not isnan(one) for one in raw.answers[LOOKED]]
    if any(found):
        return found
    return list(accumulate((not isnan(one) for one in _counted(ruled, raw, BASE, "total")), max))


def _alive(ruled: Ruled, raw: Raw) -> Values:
    return raw.answers[up(ruled.sli.alive)] if ruled.sli.alive else [nan] * raw.count


def _decides(ruled: Ruled, raw: Raw) -> Values:
    return raw.answers[decider(ruled.sli)] if len(ruled.sli.sources) > 1 else [nan] * raw.count


def _counted(ruled: Ruled, raw: Raw, window: int, side: str) -> Values:
    first, *others = (raw.answers[rated(one, getattr(one, side), window)] for one in ruled.sli.sources)
    if not others:
        return first
    chosen = zip(first, others[0], _decides(ruled, raw), strict=True)
    return [two if isnan(decides) else one for one, two, decides in chosen]


def _lost(ruled: Ruled, raw: Raw, looked: Sequence[bool]) -> Values:
    """As `rules.lost_rate` has it: it goes on from its own last value."""
    if not ruled.sli.alive:
        return [nan] * raw.count
    hourly, may_be = _counted(ruled, raw, HOUR, "total"), _knows(raw.answers[sees(ruled.sli)], looked)
    counting = zip(raw.answers[serving(ruled.sli)], _decides(ruled, raw), strict=True)
    lost: list[float] = []
    last, kept = 0, nan
    for now, (pods, gateway) in enumerate(counting):
        value = nan
        if looked[now] and not (isnan(pods) and isnan(gateway)):
            value = 0.0
        elif may_be[now]:
            kept = kept if now - last <= REMEMBERED // INTERVAL else nan
            # Of its own range it sees all but the evaluation that it is part of.
            value = _going_on(kept, hourly[now], lost[1 - evaluations(HOUR) :])
        lost.append(value)
        last, kept = (last, kept) if isnan(value) else (now, value)
    return lost


def _knows(sees_others: Values, looked: Sequence[bool]) -> list[bool]:
    """When Prometheus evaluates without a gap, and sees others."""
    enough = sums([float(one) for one in looked], _OF)
    known = zip(looked, enough, sees_others, strict=True)
    return [now and count >= _ENOUGH and not isnan(others) for now, count, others in known]


def _going_on(kept: float, hourly: float, lately: Values) -> float:
    if kept > 0:
        return kept
    again = [one for one in lately if not isnan(one)]
    counted = 0.0 if isnan(hourly) and again else hourly
    rate = counted + sum(again) * INTERVAL / HOUR
    return rate if rate > 0 else nan


def _with_lost(counted: Values, lost: Values, alive: Values, looked: Sequence[bool]) -> Values:
    """What was counted, 0 where somebody is there to count, and what was lost."""
    return [
        _added(one, gone, someone) if there else nan
        for one, gone, someone, there in zip(counted, lost, alive, looked, strict=True)
    ]


def _added(counted: float, lost: float, alive: float) -> float:
    if isnan(counted) and not (isnan(lost) and isnan(alive)):
        counted = 0.0
    return counted if isnan(lost) else counted + lost


def evaluations(window: int) -> int:
    """How many evaluations the rules sum over a window (both ends of a range count in Prometheus 2)."""
    return (window - INTERVAL // 2) // INTERVAL + 1


def sums(values: Values, count: int) -> Values:
    """At each evaluation the sum of the newest `count` values that there are; nan where there is none of them."""
    whole = list(accumulate((0.0 if isnan(one) else one for one in values), initial=0.0))
    known = list(accumulate((not isnan(one) for one in values), initial=0))
    begins = chain(repeat(0, count - 1), range(len(values)))
    return [
        whole[end] - whole[begin] if known[end] > known[begin] else nan
        for begin, end in zip(begins, range(1, len(values) + 1), strict=False)
    ]
