"""The dashboard over every SLO of every resource, made once for an installation."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard, stat, timeseries
from grafana_foundation_sdk.models import dashboard as model

from toprope.slo.dashboards import promql
from toprope.slo.dashboards.frame import TAG, Row, filled, framed
from toprope.slo.dashboards.panels import BAD, SOURCE, WARNING, Caption, lined, lines, number
from toprope.slo.dashboards.standing import standing
from toprope.slo.rules import OBJECTIVE

UID = "toprope-overview"
LOWEST = 10
"""How many budgets are drawn."""

_WHOSE = 'namespace=~"$namespace",kind=~"$kind"'
_LABELS = {"namespace": "Namespace", "kind": "Kind", "name": "Name", "slo": "SLO"}
_FOUND = {"title": "Dashboards of ${__value.raw}", "url": f"/dashboards?tag={TAG}&query=${{__value.raw}}"}


def overview() -> dict[str, Any]:
    """Every resource, every SLO, what is left of each budget, the burning ones first."""
    frame = framed("SLOs of every resource", UID).time("now-24h", "now").description(
        "Every SLO that Toprope keeps rules for, what burns fastest first."
    )  # fmt: skip
    for label in ("namespace", "kind"):
        frame = frame.with_variable(_choice(label))
    table = standing(_WHOSE, _LABELS).override_by_name(_LABELS["name"], [model.DynamicConfigValue("links", [_FOUND])])
    return filled(frame, [Row(4, _numbers()), Row(14, [table]), Row(10, [_lowest()])])


def _choice(label: str) -> dashboard.QueryVariable:
    every = model.VariableOption(text="All", value="$__all")
    choice = dashboard.QueryVariable(label).label(_LABELS[label]).datasource(SOURCE).current(every)
    choice = choice.query(f"label_values({OBJECTIVE}, {label})").multi(True).include_all(True).all_value(".*")
    return choice.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.ALPHABETICAL_ASC)


def _numbers() -> list[stat.Panel]:
    count = promql.how_many
    return [
        number(Caption("SLOs", "none", "How many SLOs have rules that Prometheus evaluates."),
               count(promql.objective(_WHOSE))),
        number(Caption("Burn above 1", "none", "How many spent their budget in the last hour faster than it comes back;"
                       " the status says Burning once that is fast enough for an alert."),
               count(f"{promql.burn_of_last_hour(_WHOSE)} > 1"), (1, WARNING)),
        number(Caption("Exhausted", "none", "How many have no error budget left, on at least 10 bad events."),
               count(promql.exhausted(_WHOSE)), (1, BAD)),
        number(Caption("Silent", "none", "How many nobody counts requests for: neither good nor bad, but unknown."),
               count(promql.silent(_WHOSE)), (1, WARNING)),
    ]  # fmt: skip


def _lowest() -> timeseries.Panel:
    caption = Caption(
        "Least budget left",
        "percentunit",
        f"The {LOWEST} SLOs with the least error budget left. Below the line it is spent.",
    )
    legend = "{{namespace}}/{{name}} {{slo}} ({{kind}})"
    return lined(lines(caption, {legend: f"bottomk({LOWEST}, {promql.left(_WHOSE)})"}), (0, BAD))
