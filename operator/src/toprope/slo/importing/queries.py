"""What a query counts: the one plain selector of counters in it, where it is nothing but their rate."""

import re
from dataclasses import dataclass
from datetime import timedelta

import promql_parser

from toprope.core.places import Place
from toprope.slo import promql
from toprope.slo.promql import Matcher, NoPromQL, Selector

_TEMPLATE = re.compile(r"\{\{-?\s*\.window\s*-?\}\}")
_STANDS_FOR = timedelta(seconds=86413)
"""A window that nobody writes, in the place of a template's."""
_OPPOSITE = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query that is nothing but the sum of some counters' rates, or these counters themselves."""

    selector: Selector
    measured: str
    """How: two queries can be divided when both say the same, as `rate 300`."""

    @property
    def text(self) -> str:
        """The selector."""
        return str(self.selector)

    @property
    def namespaces(self) -> list[str]:
        """The namespaces that it names."""
        return [one.value for one in self.selector.matchers if (one.operator, one.name) == ("=", "namespace")]


def templated(place: Place) -> Query:
    """A query with `{{.window}}` in the place of its window."""
    text = place.text()
    if not _TEMPLATE.search(text):
        raise place.left_out("has no {{.window}}: write sum(rate(counter{…}[{{.window}}]))")
    written = f"{_STANDS_FOR.total_seconds():.0f}"
    query = _query(place, _TEMPLATE.sub(f"{written}s", text), is_counter=False)
    if not query.measured.endswith(f" {written}"):
        raise place.left_out("does not look over {{.window}}: write sum(rate(counter{…}[{{.window}}]))")
    if any("{{" in one.value or written in one.value for one in query.selector.matchers):
        raise place.left_out("holds a template in the value of a label, which Toprope does not fill in: write it out")
    return query


def query(place: Place, *, is_counter: bool) -> Query:
    """A query as it stands; `is_counter` when it was said that its value is a counter's and not a rate."""
    return _query(place, place.text(), is_counter=is_counter)


def bad_of(good: Query, total: Query, place: Place) -> str:
    """The selector of what is in `total` and not in `good`.

    It exists where `good` is `total` with one more matcher: each counter of `total` is matched by it, or by its
    opposite. Two more would need an `or`; two metrics a difference.
    """
    all_of, some_of = set(total.selector.matchers), set(good.selector.matchers)
    more = some_of - all_of
    if good.selector.name != total.selector.name or all_of - some_of or len(more) != 1:
        raise place.left_out(
            "bad events are no selector here, only total less good: write the query of the bad ones, or good as total "
            "with one more matcher; for requests within a time use Toprope's own `latency`"
        )
    (one,) = more
    opposed = Matcher(one.name, _OPPOSITE[one.operator], one.value)
    return str(Selector(total.selector.name, (*total.selector.matchers, opposed)))


def _query(place: Place, text: str, *, is_counter: bool) -> Query:
    try:
        found = _counted(place, promql.query(text), is_counter=is_counter)
    except NoPromQL as error:
        raise place.left_out(f"is no PromQL: {error}") from error
    if not found.selector.is_plain:
        raise place.left_out("holds `offset`, `@` or an `or` of matchers: write a plain selector")
    return found


def _counted(place: Place, whole: promql.Query, *, is_counter: bool) -> Query:
    inner = _summed(_bare(whole.expression))
    if is_counter and inner is None:
        inner = _bare(whole.expression)
    match inner:
        case promql_parser.VectorSelector() if is_counter:
            return Query(whole.selector(inner), "counter")
        case promql_parser.Call(func=function, args=[promql_parser.MatrixSelector() as counters]) if function.name in (
            "rate",
            "increase",
        ):
            return Query(
                whole.selector(counters.vector_selector), f"{function.name} {counters.range.total_seconds():.0f}"
            )
        case _:
            raise place.left_out(
                "is more than the rate of some counters: only sum(rate(counter{…}[…])) or sum(increase(…)) can be "
                "carried over; count the rest by counters of their own, or by a recording rule"
            )


def _bare(parsed: promql_parser.Expr) -> promql_parser.Expr:
    while isinstance(parsed, promql_parser.ParenExpr):
        parsed = parsed.expr
    return parsed


def _summed(parsed: promql_parser.Expr) -> promql_parser.Expr | None:
    """What is summed over all labels; None when nothing is."""
    if not isinstance(parsed, promql_parser.AggregateExpr) or str(parsed.op) != "sum" or parsed.modifier is not None:
        return None
    return _bare(parsed.expr)
