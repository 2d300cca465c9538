"""Selectors that users write, held inside their own namespace: without that, one tenant reads everybody's metrics."""

import promql_parser

from toprope.slo.promql import Matcher, NoPromQL, Selector, query
from toprope.slo.spec import Ratio

_NAMESPACE = "namespace"


class NoSelector(ValueError):
    """PromQL of another kind."""


class Unparsable(ValueError):
    """A selector that is none, or none of this namespace; the text says which, and why."""


def within(ratio: Ratio, namespace: str) -> Ratio:
    """The same counters, of this namespace only. Unparsable when one of the two is no plain selector of any."""
    return Ratio(bad=_held("bad", ratio.bad, namespace), total=_held("total", ratio.total, namespace))


def _held(field: str, text: str, namespace: str) -> str:
    told = f"ratio.{field} {text!r}"
    try:
        found = selector(text)
    except NoPromQL as error:
        raise Unparsable(f"{told} is no PromQL: {error}") from error
    except NoSelector as error:
        raise Unparsable(f"{told} must be a plain selector of counters: no function, no range") from error
    if not found.is_plain:
        raise Unparsable(f"{told} may hold neither `offset`, `@` nor `or`")
    if any(one.name == _NAMESPACE and not one.takes(namespace) for one in found.matchers):
        raise Unparsable(
            f"{told} matches nothing: only counters of the resource's own namespace count, and that is {namespace}; "
            "leave `namespace` out"
        )
    return str(Selector(found.name, (Matcher(_NAMESPACE, "=", namespace), *found.matchers)))


def alike(text: str) -> str:
    """The same text for whoever writes the same selector in another way, and says its own namespace or not: for names
    that must not change with how selectors are printed. What is no selector stands for itself."""
    try:
        found = selector(text)
    except (NoPromQL, NoSelector):
        return text
    named = [Matcher("__name__", "=", found.name)] if found.name else []
    return "\n".join(sorted({str(one) for one in (*named, *found.matchers) if one.name != _NAMESPACE}))


def selector(text: str) -> Selector:
    """A selector, read; NoPromQL or NoSelector when it is none."""
    read = query(text)
    if not isinstance(read.expression, promql_parser.VectorSelector):
        raise NoSelector
    return read.selector(read.expression)
