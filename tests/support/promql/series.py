"""The values that the evaluator works on: what is stored, and what an expression is at every evaluation at once.

Series   samples at times of their own, with staleness markers: what a selector reads
Row      one element of an instant vector, over the whole axis of evaluations: value, and whether it is there
Vector   its rows; at each evaluation no two of those that are there carry the same labels
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
"""Milliseconds, ascending."""
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]

Labels = tuple[tuple[str, str], ...]
"""Sorted by name; the metric's name is one of them."""
NAME = "__name__"


class Unsupported(Exception):
    """The evaluator does not know this part of PromQL; Prometheus may."""


class QueryFailed(Exception):
    """Prometheus refuses this at evaluation too."""


class Release(Enum):
    """The Prometheus whose semantics hold."""

    V2 = 2
    """2.42: ranges and lookback are closed."""
    V3 = 3
    """Ranges and lookback are left-open; the extrapolation of a rate is clamped to zero after its threshold."""


@dataclass(frozen=True, slots=True)
class Series:
    """One stored series."""

    labels: Labels
    times: Times
    values: Values
    stale: Mask
    """Where a staleness marker stands instead of a value."""


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a vector at every evaluation."""

    labels: Labels
    values: Values
    """Without meaning where it is not there."""
    there: Mask


Vector = list[Row]
Value = Vector | float


def labels_of(mapping: Mapping[str, str]) -> Labels:
    """An empty value is no label."""
    return tuple(sorted((name, value) for name, value in mapping.items() if value))


def without_name(labels: Labels) -> Labels:
    """The labels without the metric's name."""
    return tuple(pair for pair in labels if pair[0] != NAME)


def scraped(
    name: str,
    labels: Mapping[str, str],
    seconds: Sequence[float] | Values,
    values: Sequence[float] | Values,
    stale: Iterable[float] = (),
) -> Series:
    """A series from its scrapes; NaN is no sample, `stale` are the times at which its target was found gone."""
    markers = np.asarray(list(stale), dtype=np.float64)
    times = _milliseconds(np.concatenate([np.asarray(seconds, dtype=np.float64), markers]))
    samples = np.concatenate([np.asarray(values, dtype=np.float64), np.zeros(len(markers))])
    marked = np.arange(len(times)) >= len(times) - len(markers)
    order = np.argsort(times, kind="stable")
    order = order[~np.isnan(samples[order])]
    return Series(labels_of({NAME: name, **labels}), times[order], samples[order], marked[order])


def every(seconds: float, until: float, first: float = 0.0) -> Times:
    """An axis of evaluations from `first` to `until`, both included."""
    return _milliseconds(np.arange(first, until + seconds / 2, seconds))


def recorded(row: Row, at: Times) -> Series:
    """A row as a rule stores it: a staleness marker at the evaluation that it is first missing from."""
    ended = ~row.there & np.concatenate([[False], row.there[:-1]])
    kept = row.there | ended
    return Series(row.labels, at[kept], row.values[kept], ended[kept])


def merged(rows: Iterable[Row]) -> Vector:
    """Rows of equal labels become one; QueryFailed where two of them are there at once."""
    found: dict[Labels, Row] = {}
    for row in rows:
        same = found.get(row.labels)
        found[row.labels] = _joined(same, row) if same else row
    return list(found.values())


def _joined(one: Row, other: Row) -> Row:
    if (one.there & other.there).any():
        raise QueryFailed(f"two series with the labels {dict(one.labels)} at one time")
    return Row(one.labels, np.where(one.there, one.values, other.values), one.there | other.there)


def _milliseconds(seconds: Values) -> Times:
    return np.rint(seconds * 1000).astype(np.int64)
