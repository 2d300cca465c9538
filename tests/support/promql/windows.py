"""Reading one stored series at every evaluation at once: its newest sample, or all those in a window before.

No running total is subtracted from another: what is left of rounding would make a zero that is none, and a rule asks
`> 0`. Sums are made of sums of blocks of 1, 2, 4, … samples instead.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.support.promql.series import Index, Mask, Release, Series, Times, Values

LOOKBACK = 300_000
"""Milliseconds after which a sample is no longer the newest."""
NEAR = 1.1
"""A rate is extrapolated to an end of its window that is nearer than so many average distances of samples."""


@dataclass(frozen=True, slots=True)
class Axis:
    """When is evaluated, and by whom."""

    at: Times
    release: Release = Release.V2

    def earlier(self, milliseconds: int) -> "Axis":
        """The same evaluations, looking at what was then."""
        return Axis(self.at - milliseconds, self.release)


@dataclass(frozen=True, slots=True)
class Window:
    """The samples `first` to before `end` of a series, for each evaluation."""

    times: Times
    values: Values
    first: Index
    end: Index
    opens: Times
    closes: Times


def newest(series: Series, axis: Axis, *, before: bool = False) -> tuple[Values, Mask]:
    """What an instant selector sees; `before` leaves out the sample of the evaluation itself."""
    if not series.times.size:
        return np.zeros(axis.at.size), np.zeros(axis.at.size, dtype=np.bool_)
    index = _end(series.times, axis, before=before) - 1
    found = index >= 0
    index = np.maximum(index, 0)
    age = axis.at - series.times[index]
    fresh = age < LOOKBACK if axis.release is Release.V3 else age <= LOOKBACK
    return series.values[index], found & fresh & ~series.stale[index]


def window(series: Series, axis: Axis, length: int, *, before: bool = False) -> Window:
    """What a range selector of `length` milliseconds sees; `before` leaves out the evaluation's own sample."""
    times, values = series.times[~series.stale], series.values[~series.stale]
    opens = axis.at - length
    first = np.searchsorted(times, opens, "right" if axis.release is Release.V3 else "left")
    return Window(times, values, first, _end(times, axis, before=before), opens, axis.at)


def _end(times: Times, axis: Axis, *, before: bool) -> Index:
    return np.searchsorted(times, axis.at, "left" if before else "right")


def sums(values: Values, first: Index, end: Index) -> Values:
    """The sum of `values[first:end]` for each pair."""
    total, start, length = np.zeros(first.size), first.copy(), end - first
    block, size = values, 1
    while (length >= size).any():
        chosen = np.flatnonzero(length & size)
        total[chosen] += block[start[chosen]]
        start[chosen] += size
        block, size = block[:-size] + block[size:], size * 2
    return total


def _sum(seen: Window, release: Release) -> tuple[Values, Mask]:
    return sums(seen.values, seen.first, seen.end), seen.end > seen.first


def _count(seen: Window, release: Release) -> tuple[Values, Mask]:
    return (seen.end - seen.first).astype(np.float64), seen.end > seen.first


def _average(seen: Window, release: Release) -> tuple[Values, Mask]:
    there = seen.end > seen.first
    return sums(seen.values, seen.first, seen.end) / np.maximum(seen.end - seen.first, 1), there


def _last(seen: Window, release: Release) -> tuple[Values, Mask]:
    there = seen.end > seen.first
    values = seen.values if seen.values.size else np.zeros(1)
    return np.where(there, values[np.maximum(seen.end - 1, 0)], 0.0), there


def _present(seen: Window, release: Release) -> tuple[Values, Mask]:
    return np.ones(seen.first.size), seen.end > seen.first


def _rate(seen: Window, release: Release) -> tuple[Values, Mask]:
    there = seen.end - seen.first >= 2
    first, last = seen.first[there], seen.end[there] - 1
    grown = seen.values[last] - seen.values[first] + _before_resets(seen.values, first, last)
    sampled = (seen.times[last] - seen.times[first]) / 1000
    average = sampled / (last - first)
    to_start = (seen.times[first] - seen.opens[there]) / 1000
    to_end = (seen.closes[there] - seen.times[last]) / 1000
    with np.errstate(divide="ignore", invalid="ignore"):
        to_zero = np.where((grown > 0) & (seen.values[first] >= 0), sampled * (seen.values[first] / grown), np.inf)
    if release is Release.V3:
        to_start = np.minimum(_bounded(to_start, average), to_zero)
    else:
        to_start = _bounded(np.minimum(to_start, to_zero), average)
    rated = np.zeros(there.size)
    length = (seen.closes[there] - seen.opens[there]) / 1000
    rated[there] = grown * ((sampled + to_start + _bounded(to_end, average)) / sampled / length)
    return rated, there


def _bounded(distance: Values, average: Values) -> Values:
    return np.where(distance < average * NEAR, distance, average / 2)


def _before_resets(values: Values, first: Index, last: Index) -> Values:
    """What the counter had reached before each reset between the samples `first` and `last`."""
    resets = np.flatnonzero(values[1:] < values[:-1])
    return sums(values[resets], np.searchsorted(resets, first), np.searchsorted(resets, last))


OVER: dict[str, Callable[[Window, Release], tuple[Values, Mask]]] = {
    "rate": _rate,
    "sum_over_time": _sum,
    "count_over_time": _count,
    "avg_over_time": _average,
    "last_over_time": _last,
    "present_over_time": _present,
}
"""The functions of range vectors."""
