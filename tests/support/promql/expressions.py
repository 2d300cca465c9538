"""Expressions of PromQL over a whole axis of evaluations, for as much of the language as our rules speak.

Parsing is promql-parser's. Equal texts are computed once.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import promql_parser as promql

from tests.support.promql import operators
from tests.support.promql.operators import renamed, rows_of
from tests.support.promql.series import NAME, Labels, Row, Series, Unsupported, Value, Values, Vector, labels_of
from tests.support.promql.windows import OVER, Axis, newest, window

_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")


class Evaluator:
    """What is stored so far, and every expression's value over it."""

    def __init__(self, axis: Axis, stored: Iterable[Series]) -> None:
        self._axis = axis
        self._stored: dict[str, list[Series]] = {}
        self._own: list[Series] = []
        self._own_name: str | None = None
        self._known: dict[str, Value] = {}
        self.store(stored)

    def store(self, series: Iterable[Series]) -> None:
        """From now on these can be selected. What was selected before must not have asked for them."""
        for one in series:
            self._stored.setdefault(dict(one.labels)[NAME], []).append(one)

    def with_own_past(self, expression: promql.Expr, name: str, past: Iterable[Series]) -> Vector:
        """The value of a rule that records `name` and selects it: of `past` it sees what is older than itself."""
        self._own_name, self._own = name, list(past)
        try:
            return self.vector(expression)
        finally:
            self._own_name, self._own = None, []

    def vector(self, expression: promql.Expr) -> Vector:
        """The value of an expression, which must be a vector."""
        return rows_of(self.value(expression))

    def value(self, expression: promql.Expr) -> Value:
        """The value of any expression."""
        text = str(expression)
        if self._own_name is not None and self._own_name in text:
            return self._value(expression)
        if text not in self._known:
            self._known[text] = self._value(expression)
        return self._known[text]

    def _value(self, expression: promql.Expr) -> Value:
        match expression:
            case promql.NumberLiteral():
                return float(expression.val)
            case promql.ParenExpr():
                return self.value(expression.expr)
            case promql.VectorSelector():
                return self._selected(expression)
            case promql.BinaryExpr():
                return self._binary(expression)
            case promql.AggregateExpr():
                return self._aggregated(expression)
            case promql.Call():
                return self._called(expression)
        raise Unsupported(f"{type(expression).__name__}: {expression}")

    def _selected(self, selector: promql.VectorSelector) -> Vector:
        return [
            row
            for series, own in self._matching(selector)
            if (row := Row(series.labels, *newest(series, self._seen_by(selector), before=own))).there.any()
        ]

    def _matching(self, selector: promql.VectorSelector) -> list[tuple[Series, bool]]:
        name, matchers = read(selector)
        stored = [(series, False) for series in self._stored.get(name, [])]
        own = [(series, True) for series in self._own if (NAME, name) in series.labels]
        return [(series, mine) for series, mine in [*stored, *own] if _matches(dict(series.labels), matchers)]

    def _seen_by(self, selector: promql.VectorSelector) -> Axis:
        return self._axis.earlier((selector.offset or timedelta()) // timedelta(milliseconds=1))

    def _binary(self, expression: promql.BinaryExpr) -> Value:
        symbol, modifier = str(expression.op), expression.modifier
        on = _on(expression, modifier) if modifier else None
        left, right = self.value(expression.lhs), self.value(expression.rhs)
        if symbol in operators.SETS:
            return operators.united(symbol, rows_of(left), rows_of(right), on)
        if on is not None or symbol not in {*operators.ARITHMETIC, *operators.COMPARISONS}:
            raise Unsupported(f"{symbol} in {expression}")
        return operators.combined(symbol, left, right)

    def _aggregated(self, expression: promql.AggregateExpr) -> Vector:
        if expression.param is not None:
            raise Unsupported(f"a parameter in {expression}")
        modifier = expression.modifier
        names = frozenset(modifier.labels if modifier else ())
        without = modifier is not None and modifier.type == promql.AggModifierType.Without
        grouping = partial(operators.without if without else operators.by, names=names)
        return operators.aggregated(str(expression.op), self.vector(expression.expr), grouping)

    def _called(self, call: promql.Call) -> Vector:
        name, arguments = call.func.name, call.args
        if name in OVER:
            return self._over_time(name, arguments[0])
        if name == "absent":
            return self._absent(arguments[0])
        if name == "vector":
            return [self._always((), _scalar(self.value(arguments[0])))]
        if name not in _POINTWISE:
            raise Unsupported(f"the function {name}")
        bounds = [_scalar(self.value(argument)) for argument in arguments[1:]]
        rows = renamed(self.vector(arguments[0]))
        with np.errstate(invalid="ignore"):
            return [Row(row.labels, _POINTWISE[name](row.values, *bounds), row.there) for row in rows]

    def _over_time(self, name: str, selector: promql.Expr) -> Vector:
        if not isinstance(selector, promql.MatrixSelector):
            raise Unsupported(f"{name} of {selector}")
        length = selector.range // timedelta(milliseconds=1)
        inner = selector.vector_selector
        seen = (
            (series.labels, window(series, self._seen_by(inner), length, before=own))
            for series, own in self._matching(inner)
        )
        rows = (Row(labels, *OVER[name](samples, self._axis.release)) for labels, samples in seen)
        return renamed([row for row in rows if row.there.any()])

    def _absent(self, argument: promql.Expr) -> Vector:
        labels = _equal(read(argument)[1]) if isinstance(argument, promql.VectorSelector) else ()
        row = self._always(labels, 1.0)
        for one in self.vector(argument):
            row = Row(row.labels, row.values, row.there & ~one.there)
        return [row]

    def _always(self, labels: Labels, value: float) -> Row:
        size = self._axis.at.size
        return Row(labels, np.full(size, value), np.ones(size, dtype=np.bool_))


def read(selector: promql.VectorSelector) -> tuple[str, Sequence[promql.Matcher]]:
    """The metric's name and the other matchers of a selector."""
    named = selector.name
    if not named or named in _ALERTS or selector.at or selector.matchers.or_matchers:
        raise Unsupported(f"the selector {selector}: a name is needed, @ and or are not known, alerts not kept")
    return named, selector.matchers.matchers


def may_match(selector: promql.VectorSelector, name: str, labels: dict[str, str]) -> bool:
    """Whether a series of this name that carries at least these labels can be selected."""
    wanted, matchers = read(selector)
    return wanted == name and _matches(labels, [matcher for matcher in matchers if matcher.name in labels])


def selectors(expression: promql.Expr) -> list[promql.VectorSelector]:
    """Everything that an expression reads."""
    match expression:
        case promql.VectorSelector():
            return [expression]
        case promql.MatrixSelector():
            return [expression.vector_selector]
        case promql.BinaryExpr():
            parts = [expression.lhs, expression.rhs]
        case promql.Call():
            parts = expression.args
        case promql.ParenExpr() | promql.AggregateExpr():
            parts = [expression.expr]
        case _:
            return []
    return [selector for part in parts for selector in selectors(part)]


def _matches(labels: dict[str, str], matchers: Iterable[promql.Matcher]) -> bool:
    return all(_holds(matcher, labels.get(matcher.name, "")) for matcher in matchers)


def _holds(matcher: promql.Matcher, value: str) -> bool:
    match matcher.op:
        case promql.MatchOp.Equal:
            return value == matcher.value
        case promql.MatchOp.NotEqual:
            return value != matcher.value
        case promql.MatchOp.Re:
            return re.fullmatch(matcher.value, value) is not None
    return re.fullmatch(matcher.value, value) is None


def _equal(matchers: Sequence[promql.Matcher]) -> Labels:
    names = [matcher.name for matcher in matchers]
    return labels_of(
        {
            matcher.name: matcher.value
            for matcher in matchers
            if matcher.op == promql.MatchOp.Equal and names.count(matcher.name) == 1
        }
    )


def _on(expression: promql.BinaryExpr, modifier: promql.BinModifier) -> frozenset[str] | None:
    matching, fill = modifier.matching, modifier.fill_values
    plain = modifier.card in (promql.VectorMatchCardinality.OneToOne, promql.VectorMatchCardinality.ManyToMany)
    excludes = matching is not None and matching.type == promql.LabelModifierType.Exclude
    if modifier.return_bool or not plain or excludes or fill.lhs is not None or fill.rhs is not None:
        raise Unsupported(f"the modifier in {expression}")
    return None if matching is None else frozenset(matching.labels)


def _scalar(value: Value) -> float:
    if isinstance(value, list):
        raise Unsupported("a vector where a scalar is expected")
    return value


def _clamp_min(values: Values, bound: float) -> Values:
    return np.maximum(values, bound)


def _clamp_max(values: Values, bound: float) -> Values:
    return np.minimum(values, bound)


_POINTWISE: dict[str, Any] = {"sqrt": np.sqrt, "clamp_min": _clamp_min, "clamp_max": _clamp_max}
