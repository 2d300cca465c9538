"""What a query counts: the one plain selector of counters in it, where it is nothing but their rate."""

import re
from dataclasses import dataclass
from datetime import timedelta

import promql_parser

from toprope.slo.importing.places import Place

_TEMPLATE = re.compile(r"\{\{-?\s*\.window\s*-?\}\}")
_STANDS_FOR = timedelta(seconds=86413)
"""A window that nobody writes, in the place of a template's."""
_OPPOSITE = {"Equal": "!=", "NotEqual": "=", "Re": "!~", "NotRe": "=~"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query that is nothing but the sum of some counters' rates, or these counters themselves."""

    selector: promql_parser.VectorSelector
    measured: str
    """How: two queries can be divided when both say the same, as `rate 300`."""

    @property
    def text(self) -> str:
        """The selector."""
        return str(self.selector.prettify())

    @property
    def namespaces(self) -> list[str]:
        """The namespaces that it names."""
        return [value for op, name, value in _matchers(self) if (op, name) == ("Equal", "namespace")]


def templated(place: Place) -> Query:
    """A query with `{{.window}}` in the place of its window."""
    text = place.text()
    if not _TEMPLATE.search(text):
        raise place.left_out("has no {{.window}}: write sum(rate(counter{…}[{{.window}}]))")
    query = _query(place, _TEMPLATE.sub(f"{_STANDS_FOR.total_seconds():.0f}s", text), is_counter=False)
    if not query.measured.endswith(f" {_STANDS_FOR.total_seconds():.0f}"):
        raise place.left_out("does not look over {{.window}}: write sum(rate(counter{…}[{{.window}}]))")
    return query


def query(place: Place, *, is_counter: bool) -> Query:
    """A query as it stands; `is_counter` when it was said that its value is a counter's and not a rate."""
    return _query(place, place.text(), is_counter=is_counter)


def bad_of(good: Query, total: Query, place: Place) -> str:
    """The selector of what is in `total` and not in `good`.

    It exists where `good` is `total` with one more matcher: each counter of `total` is matched by it, or by its
    opposite. Two more would need an `or`; two metrics a difference.
    """
    more = _matchers(good) - _matchers(total)
    if good.selector.name != total.selector.name or _matchers(total) - _matchers(good) or len(more) != 1:
        raise place.left_out(
            "bad events are no selector here, only total less good: write the query of the bad ones, or good as total "
            "with one more matcher; for requests within a time use Toprope's own `latency`"
        )
    ((operator, name, value),) = more
    added = f"{name}{_OPPOSITE[operator]}{_quoted(value)}"
    whole = total.text
    return f"{whole[:-1]},{added}}}" if whole.endswith("}") else f"{whole}{{{added}}}"


def _query(place: Place, text: str, *, is_counter: bool) -> Query:
    try:
        parsed = promql_parser.parse(text)
    except ValueError as error:
        raise place.left_out(f"is no PromQL: {' '.join(str(error).split())}") from error
    inner = _summed(_bare(parsed))
    if is_counter and inner is None:
        inner = _bare(parsed)
    match inner:
        case promql_parser.VectorSelector() if is_counter:
            found = Query(inner, "counter")
        case promql_parser.Call(func=function, args=[promql_parser.MatrixSelector() as counters]) if function.name in (
            "rate",
            "increase",
        ):
            found = Query(counters.vector_selector, f"{function.name} {counters.range.total_seconds():.0f}")
        case _:
            raise place.left_out(
                "is more than the rate of some counters: only sum(rate(counter{…}[…])) or sum(increase(…)) can be "
                "carried over; count the rest by counters of their own, or by a recording rule"
            )
    if found.selector.offset is not None or found.selector.at is not None or found.selector.matchers.or_matchers:
        raise place.left_out("holds `offset`, `@` or an `or` of matchers: write a plain selector")
    return found


def _bare(parsed: promql_parser.Expr) -> promql_parser.Expr:
    while isinstance(parsed, promql_parser.ParenExpr):
        parsed = parsed.expr
    return parsed


def _summed(parsed: promql_parser.Expr) -> promql_parser.Expr | None:
    """What is summed over all labels; None when nothing is."""
    if not isinstance(parsed, promql_parser.AggregateExpr) or str(parsed.op) != "sum" or parsed.modifier is not None:
        return None
    return _bare(parsed.expr)


def _matchers(query: Query) -> set[tuple[str, str, str]]:
    return {(str(one.op).rpartition(".")[2], one.name, one.value) for one in query.selector.matchers.matchers}


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
