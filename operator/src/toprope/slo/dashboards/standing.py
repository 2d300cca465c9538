"""Where each SLO stands now: the table of both kinds of dashboard, what burns fastest first."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders import common as shown
from grafana_foundation_sdk.builders import table

from toprope.slo.dashboards import promql
from toprope.slo.dashboards.panels import BAD, GOOD, WARNING, Caption, Column, rows

BURN = "Burn, last hour"
TIMES = "suffix:x"

_CAPTION = Caption(
    "Where each SLO stands",
    "percentunit",
    "What is promised, what was attained over the SLO's own window, what is left of its error budget, and how many"
    " times as fast as it comes back the budget was spent in the last hour. While the history is shorter than the"
    " window, what is left is of a whole window's budget at today's rate. Empty cells: no traffic.",
)


def standing(whose: str, labels: Mapping[str, str]) -> table.Panel:
    """One row an SLO. `labels` maps those of the identity that are shown to their titles."""
    hidden = [label for label in promql.IDENTITY if label not in labels]
    panel = rows(_CAPTION, labels, _columns(whose), hidden)
    return panel.sort_by([shown.TableSortByFieldState().display_name(BURN).desc(True)])


def _columns(whose: str) -> list[Column]:
    return [
        Column("Objective", promql.objective(whose), "percentunit", 3),
        Column("Attained", promql.attained(whose), "percentunit", 3),
        Column("Budget left", promql.left(whose), "percentunit", 1, ((0, WARNING), (0.25, GOOD)), below=BAD),
        # Above 1 the budget will not last; at 6 an SLO over 30 days pages.
        Column(BURN, promql.burn_of_last_hour(whose), TIMES, 1, ((1, WARNING), (6, BAD)), below=GOOD),
    ]
