"""Selectors that users write, held inside their own namespace: without that, one tenant reads everybody's metrics."""

import promql_parser

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
