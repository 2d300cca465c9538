"""A rule group at every evaluation at once: what it records, and when its alerts fire.

    for rule in the group's order:   value over the whole axis ─► records, readable for the rules below and for itself

A rule may read its own past (`slo:lost:rate5m`). Then the past is guessed, the rule evaluated over the guess, and the
first evaluation that the guess got wrong is put right and held from there on. An evaluation sees only older ones, so
each round settles at least one more, and a guess that comes out as it went in is what Prometheus would have recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import promql_parser as promql

from tests.support.promql.expressions import Evaluator, may_match, selectors
from tests.support.promql.series import (
    NAME,
    Mask,
    Release,
    Row,
    Series,
    Times,
    Unsupported,
    Vector,
    labels_of,
    merged,
    recorded,
)
from tests.support.promql.windows import Axis

Selectors = Sequence[promql.VectorSelector]

_KNOWN = {"record", "alert", "expr", "labels", "annotations", "for"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a group."""

    at: Times
    records: Sequence[Row]
    alerts: Sequence[Row]
    """There while active, 1 while firing, 0 while pending."""

    def record(self, name: str, **labels: str) -> Row:
        """The one record of this name with these labels; never there if there is none."""
        return self._one(self.records, {NAME: name, **labels})

    def firing(self, name: str, **labels: str) -> Mask:
        """When the one alert of this name with these labels fires."""
        row = self._one(self.alerts, {"alertname": name, **labels})
        firing: Mask = row.there & (row.values == 1)
        return firing

    def _one(self, rows: Iterable[Row], wanted: Mapping[str, str]) -> Row:
        nowhere = Row(labels_of(wanted), np.zeros(self.at.size), np.zeros(self.at.size, dtype=np.bool_))
        found = [row for row in rows if wanted.items() <= dict(row.labels).items()]
        if len(found) > 1:
            raise LookupError(f"{wanted}: {len(found)} of them")
        return found[0] if found else nowhere


def evaluated(group: Mapping[str, Any], stored: Iterable[Series], at: Times, release: Release = Release.V2) -> Outcome:
    """The group over these series, at these times. A hole in the times is a pause, after which it goes on."""
    evaluator = Evaluator(Axis(at, release), stored)
    records: list[Row] = []
    alerts: list[Row] = []
    rules = group["rules"]
    for position, rule in enumerate(rules):
        expression = promql.parse(rule["expr"])
        reads = selectors(expression)
        _check(rule, reads, rules[position + 1 :])
        if "alert" in rule:
            alerts += _alerts(rule, evaluator.vector(expression), at)
            continue
        if _are_read(rule, reads):
            rows = _from_own_past(rule, expression, evaluator, at)
        else:
            rows = _labelled(rule, evaluator.vector(expression))
        evaluator.store(recorded(row, at) for row in rows)
        records += rows
    return Outcome(at, records, alerts)


def _check(rule: Mapping[str, Any], reads: Selectors, later: Iterable[Mapping[str, Any]]) -> None:
    if unknown := rule.keys() - _KNOWN:
        raise Unsupported(f"{', '.join(sorted(unknown))} of a rule")
    for other in later:
        if _are_read(other, reads):
            raise Unsupported(f"{_name(rule)} reads {_name(other)}, which the group records after it")


def _name(rule: Mapping[str, Any]) -> str:
    return str(rule.get("record") or rule["alert"])


def _are_read(rule: Mapping[str, Any], reads: Selectors) -> bool:
    labels = rule.get("labels") or {}
    return "record" in rule and any(may_match(selector, rule["record"], labels) for selector in reads)


def _from_own_past(rule: Mapping[str, Any], expression: promql.Expr, evaluator: Evaluator, at: Times) -> Vector:
    guess: Vector = []
    while True:
        past = [recorded(row, at) for row in guess]
        rows = _labelled(rule, evaluator.with_own_past(expression, rule["record"], past))
        wrong = _differ(guess, rows, at.size)
        if not wrong.any():
            return rows
        guess = [_held(row, int(np.argmax(wrong))) for row in rows]


def _labelled(rule: Mapping[str, Any], vector: Vector) -> Vector:
    fixed = (rule.get("labels") or {}) | ({NAME: rule["record"]} if "record" in rule else {"alertname": rule["alert"]})
    dropped = {} if "record" in rule else {NAME: ""}
    return merged(Row(labels_of(dict(row.labels) | dropped | fixed), row.values, row.there) for row in vector)


def _differ(some: Vector, others: Vector, size: int) -> Mask:
    """The evaluations at which the two vectors are not the same."""
    differ = np.zeros(size, dtype=np.bool_)
    one, other = ({row.labels: row for row in rows} for rows in (some, others))
    for labels in one.keys() | other.keys():
        nowhere = Row(labels, np.zeros(size), np.zeros(size, dtype=np.bool_))
        differ |= _unlike(one.get(labels, nowhere), other.get(labels, nowhere))
    return differ


def _unlike(one: Row, other: Row) -> Mask:
    same = (one.values == other.values) | (np.isnan(one.values) & np.isnan(other.values))
    unlike: Mask = (one.there != other.there) | (one.there & ~same)
    return unlike


def _held(row: Row, position: int) -> Row:
    values, there = row.values.copy(), row.there.copy()
    values[position:], there[position:] = values[position], there[position]
    return Row(row.labels, values, there)


def _alerts(rule: Mapping[str, Any], vector: Vector, at: Times) -> Vector:
    patience = promql.parse_duration(rule["for"]) // timedelta(milliseconds=1) if "for" in rule else 0
    return [
        Row(row.labels, (at - _active_since(row.there, at) >= patience).astype(np.float64), row.there)
        for row in _labelled(rule, vector)
    ]


def _active_since(there: Mask, at: Times) -> Times:
    began = there & ~np.concatenate([[False], there[:-1]])
    return at[np.maximum.accumulate(np.where(began, np.arange(at.size), 0))]
