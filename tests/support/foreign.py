"""SLOs as other tools write them, to be spoilt one place at a time."""

from textwrap import dedent, indent
from typing import Any

from toprope.slo.importing.carried import Carried

GOOD, TOTAL = 'done_total{job="mill",result="ok"}', 'done_total{job="mill"}'
BAD = 'done_total{job="mill",result!="ok"}'


def a_sloth(sli: str = "", more: str = "", objective: str = "99.9") -> str:
    """A file of Sloth with one SLO."""
    events = f"events: {{error_query: '{rate(BAD)}', total_query: '{rate(TOTAL)}'}}"
    head = "version: prometheus/v1\nservice: mill\nslos:\n- name: grinding\n"
    return head + f"  objective: {objective}\n  sli: {{{sli or events}}}\n" + indent(dedent(more), "  ")


def events(error: str, total: str) -> str:
    """Sloth's indicator of two queries."""
    return f"events: {{error_query: '{error}', total_query: '{total}'}}"


def rate(selector: str, window: str = "{{.window}}") -> str:
    """The query that counts a selector."""
    return f"sum(rate({selector}[{window}]))"


def an_openslo(**changed: str) -> str:
    """A file of OpenSLO with one SLO."""
    said = {
        "indicator": indicator(f"good: {prometheus(rate(GOOD, '5m'))}, total: {prometheus(rate(TOTAL, '5m'))}"),
        "timeWindow": "[{duration: 4w, isRolling: true}]",
        "budgetingMethod": "Occurrences",
        "objectives": "[{target: 0.999}]",
    } | changed
    spec = "\n".join(f"  {name}: {value}" for name, value in said.items())
    return f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: grinding}}\nspec:\n  service: mill\n{spec}\n"


def indicator(ratio: str) -> str:
    """OpenSLO's indicator of a ratio."""
    return f"{{metadata: {{name: i}}, spec: {{ratioMetric: {{{ratio}}}}}}}"


def prometheus(query: str) -> str:
    """OpenSLO's query of Prometheus."""
    return f"{{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}"


def told(carried: Carried) -> str:
    """What was not carried over, line by line."""
    return "\n".join(map(str, carried.notes))


def only(carried: Carried) -> dict[str, Any]:
    """The one SLO that was carried over, as it is written."""
    (slo,) = carried.slos
    return slo.model_dump(by_alias=True, exclude_unset=True)
