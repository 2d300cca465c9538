"""A line of counts, as `toprope gate` reads it: field, cause and cure of each that cannot be read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import orjson

from toprope.delivery.gate.counts import Counts

MOST = 2.0**53
"""Beyond this a count of one more is no longer told apart."""
_EXAMPLE = '{"run": "a", "t": 12.0, "candidate": {"total": 1000, "bad": 2}, "stable": null}'


class Broken(Exception):
    """A line that says nothing that can be judged."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one look at one run showed."""

    run: str
    t: float
    candidate: Counts
    stable: Counts | None
    """None: nobody could count it."""


def line_of(text: bytes) -> Line:
    """Of one line of JSON."""
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError as failure:
        raise Broken(f"no JSON ({failure.msg} at column {failure.colno}); one object a line, as {_EXAMPLE}") from None
    if not isinstance(told, dict):
        raise Broken(f"{_short(told)} is no object; write one a line, as {_EXAMPLE}")
    return Line(_run(told), _time(told), _candidate(told), _stable(told))


def _run(told: Mapping[str, Any]) -> str:
    run = told.get("run")
    if not isinstance(run, str):
        raise Broken(f"run: {_short(run)} is no name; write text that all lines of a rollout share")
    return run


def _time(told: Mapping[str, Any]) -> float:
    t = told.get("t")
    if not _is_number(t):
        raise Broken(f"t: {_short(t)} is no time; write seconds, as 12.0")
    return float(t)


def _candidate(told: Mapping[str, Any]) -> Counts:
    counts = told.get("candidate")
    if not isinstance(counts, dict):
        raise Broken(f"candidate: {_short(counts)} is no count; leave out the line while nobody can count it")
    return _counts("candidate", counts)


def _stable(told: Mapping[str, Any]) -> Counts | None:
    counts = told.get("stable")
    if counts is None or counts == {}:
        return None
    if not isinstance(counts, dict):
        raise Broken(f"stable: {_short(counts)} is no count; write null while nobody can count it")
    return _counts("stable", counts)


def _counts(side: str, told: Mapping[str, Any]) -> Counts:
    total, bad = (_count(f"{side}.{name}", told.get(name)) for name in ("total", "bad"))
    if bad > total:
        raise Broken(f"{side}.bad: {bad:g} of {total:g} requests; total counts all of them, bad ones too")
    return Counts(total, bad)


def _count(field: str, count: Any) -> float:
    if not _is_number(count) or not 0 <= count <= MOST:
        raise Broken(f"{field}: {_short(count)} is no count; write how many there were since counting began")
    return float(count)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _short(value: Any) -> str:
    text = "nothing" if value is None else orjson.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
