"""Operators and aggregations over whole rows."""

import operator
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import numpy as np

from tests.support.promql.series import (
    NAME,
    Labels,
    Mask,
    Row,
    Unsupported,
    Value,
    Values,
    Vector,
    merged,
    without_name,
)

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
SETS = ("and", "or", "unless")


def combined(symbol: str, left: Value, right: Value) -> Value:
    """`left symbol right` by arithmetic or comparison; vectors match on all their labels."""
    if isinstance(left, float) and isinstance(right, float):
        return _scalars(symbol, left, right)
    if isinstance(right, float):
        return _each(symbol, left, lambda values: (values, right))
    if isinstance(left, float):
        return _each(symbol, right, lambda values: (left, values))
    return _matched(symbol, left, right)


def _scalars(symbol: str, left: float, right: float) -> float:
    if symbol not in ARITHMETIC:
        raise Unsupported(f"{symbol} between two scalars")
    with np.errstate(all="ignore"):
        return float(ARITHMETIC[symbol](np.float64(left), np.float64(right)))


def _each(symbol: str, vector: Value, operands: Callable[[Values], tuple[Any, Any]]) -> Vector:
    return merged(_result(symbol, row, operands(row.values), row.there) for row in rows_of(vector))


def _matched(symbol: str, left: Vector, right: Vector) -> Vector:
    others = {row.labels: row for row in renamed(right)}
    renamed(left)  # Nor may two of the left side match the same one.
    pairs = ((row, others[without_name(row.labels)]) for row in left if without_name(row.labels) in others)
    return merged(_result(symbol, row, (row.values, other.values), row.there & other.there) for row, other in pairs)


def _result(symbol: str, row: Row, operands: tuple[Any, Any], there: Mask) -> Row:
    with np.errstate(all="ignore"):
        if symbol in ARITHMETIC:
            return Row(without_name(row.labels), ARITHMETIC[symbol](*operands), there)
        return Row(row.labels, row.values, there & COMPARISONS[symbol](*operands))


def united(symbol: str, left: Vector, right: Vector, on: Collection[str] | None) -> Vector:
    """`left symbol right` for and, or, unless; `on` are the labels to match by, None is all of them."""
    signature = partial(_signature, on=on)
    if symbol == "or":
        return merged([*left, *_kept(right, _present(left, signature), signature, wanted=False)])
    return _kept(left, _present(right, signature), signature, wanted=symbol == "and")


def _signature(labels: Labels, on: Collection[str] | None) -> Labels:
    return without_name(labels) if on is None else tuple(pair for pair in labels if pair[0] in on)


def _present(vector: Vector, signature: Callable[[Labels], Labels]) -> dict[Labels, Mask]:
    found: dict[Labels, Mask] = {}
    for row in vector:
        key = signature(row.labels)
        found[key] = found[key] | row.there if key in found else row.there
    return found


def _kept(
    vector: Vector, present: dict[Labels, Mask], signature: Callable[[Labels], Labels], *, wanted: bool
) -> Vector:
    nowhere = np.zeros(1, dtype=np.bool_)
    return [
        Row(row.labels, row.values, row.there & (present.get(signature(row.labels), nowhere) == wanted))
        for row in vector
    ]


def aggregated(name: str, vector: Vector, grouping: Callable[[Labels], Labels]) -> Vector:
    """Sum, count, max or avg of the rows that `grouping` gives the same labels."""
    if name not in AGGREGATIONS:
        raise Unsupported(f"the aggregation {name}")
    groups: dict[Labels, Vector] = {}
    for row in vector:
        groups.setdefault(grouping(row.labels), []).append(row)
    return [
        Row(labels, AGGREGATIONS[name](rows), np.logical_or.reduce([row.there for row in rows]))
        for labels, rows in groups.items()
    ]


def _sum(rows: Vector) -> Values:
    total = np.zeros(rows[0].values.size)
    for row in rows:  # One after the other, as Prometheus adds them.
        total = total + np.where(row.there, row.values, 0.0)
    return total


def _count(rows: Vector) -> Values:
    counted: Values = np.sum([row.there for row in rows], axis=0, dtype=np.float64)
    return counted


def _max(rows: Vector) -> Values:
    greatest: Values = np.fmax.reduce([np.where(row.there, row.values, np.nan) for row in rows])
    return greatest


def _average(rows: Vector) -> Values:
    with np.errstate(invalid="ignore"):
        average: Values = _sum(rows) / _count(rows)
    return average


AGGREGATIONS: dict[str, Callable[[Vector], Values]] = {"sum": _sum, "count": _count, "max": _max, "avg": _average}


def by(labels: Labels, names: Collection[str]) -> Labels:
    """Only these labels."""
    return tuple(pair for pair in labels if pair[0] in names)


def without(labels: Labels, names: Collection[str]) -> Labels:
    """All but these labels and the metric's name."""
    return tuple(pair for pair in labels if pair[0] not in names and pair[0] != NAME)


def renamed(vector: Vector) -> Vector:
    """Without the metric's name, as functions and matching see it; QueryFailed when that makes two of one."""
    return merged(Row(without_name(row.labels), row.values, row.there) for row in vector)


def rows_of(value: Value) -> Vector:
    """The value where only a vector is allowed."""
    if isinstance(value, float):
        raise Unsupported("a scalar where a vector is expected")
    return value
