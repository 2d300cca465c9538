"""Selectors that users write, held inside their own namespace: without that, one tenant reads everybody's metrics."""

import re

import promql_parser

from toprope.slo.series import Series
from toprope.slo.spec import Ratio


class Unparsable(ValueError):
    """A selector that is none; the text says which, and why."""


def within(ratio: Ratio, namespace: str) -> Ratio:
    """The same counters, of this namespace only. Unparsable when one of the two is no plain selector."""
    return Ratio(bad=_held("bad", ratio.bad, namespace), total=_held("total", ratio.total, namespace))


def _held(field: str, text: str, namespace: str) -> str:
    try:
        parsed = promql_parser.parse(text)
    except ValueError as error:
        raise Unparsable(f"ratio.{field} {text!r} is no PromQL: {error}") from error
    if not isinstance(parsed, promql_parser.VectorSelector):
        raise Unparsable(f"ratio.{field} {text!r} must be a plain selector of counters: no function, no range")
    if parsed.offset is not None or parsed.at is not None or parsed.matchers.or_matchers:
        raise Unparsable(f"ratio.{field} {text!r} may hold neither `offset`, `@` nor `or`")
    name, _, matchers = parsed.prettify().partition("{")
    return f'{name}{{namespace="{namespace}",{matchers or "}"}'


def examples(ratio: Ratio) -> tuple[Series, ...]:
    """Counters that the selectors of `within` select; none where they are too free to guess any."""
    total, bad = _labels(ratio.total), _labels(ratio.bad)
    good = _spared(ratio, total) if total else None
    if good is None or bad is None:
        return ()
    # A bad event moves the counter of all events too, unless that is the sum of both.
    by_bad = 0 if _selects(ratio.total, bad) else 1
    return Series(_series(good), 1, by_bad), Series(_series(bad), 0, 1)


def _spared(ratio: Ratio, total: dict[str, str]) -> dict[str, str] | None:
    """Labels of one series of all events that is not among the bad: where those are all but some, one of the some."""
    operators = promql_parser.MatchOp
    spared = [one for one in _matchers(ratio.bad) if one.op in (operators.NotEqual, operators.NotRe)]
    named = [{**total, one.name: value} for one in spared for value in one.value.split("|")]
    candidates = (one for one in [total, *named] if _selects(ratio.total, one) and not _selects(ratio.bad, one))
    return next(candidates, None)


def _matchers(selector: str) -> list[promql_parser.Matcher]:
    parsed = promql_parser.parse(selector)
    assert isinstance(parsed, promql_parser.VectorSelector)  # noqa: S101 - `_held` has made sure
    named = promql_parser.Matcher(promql_parser.MatchOp.Equal, "__name__", parsed.name) if parsed.name else None
    return [*([named] if named else []), *parsed.matchers.matchers]


def _labels(selector: str) -> dict[str, str] | None:
    """Labels of one series that it selects."""
    labels: dict[str, str] = {}
    for matcher in _matchers(selector):
        value = _value(matcher)
        if value is None or labels.setdefault(matcher.name, value) != value:
            return None
    return labels if "__name__" in labels else None


def _series(labels: dict[str, str]) -> str:
    told = ",".join(f'{label}="{value}"' for label, value in labels.items() if value and label != "__name__")
    return f"{labels['__name__']}{{{told}}}"


def _value(matcher: promql_parser.Matcher) -> str | None:
    """A label value that the matcher takes."""
    operators = promql_parser.MatchOp
    if matcher.op == operators.Equal:
        return str(matcher.value)
    free = ["", "other"] if matcher.op in (operators.NotEqual, operators.NotRe) else matcher.value.split("|")
    return next((one for one in free if _takes(matcher, one)), None)


def _selects(selector: str, labels: dict[str, str]) -> bool:
    return all(_takes(matcher, labels.get(matcher.name, "")) for matcher in _matchers(selector))


def _takes(matcher: promql_parser.Matcher, value: str) -> bool:
    operators = promql_parser.MatchOp
    if matcher.op in (operators.Equal, operators.NotEqual):
        return bool((value == matcher.value) == (matcher.op == operators.Equal))
    return (re.fullmatch(matcher.value, value) is not None) == bool(matcher.op == operators.Re)
