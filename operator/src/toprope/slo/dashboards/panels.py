"""How a panel looks. Each says what it shows, in which unit, and how to read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grafana_foundation_sdk.builders import common as shown
from grafana_foundation_sdk.builders import dashboard, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = common.DataSourceRef("prometheus", "${datasource}")
GOOD, WARNING, BAD = "green", "orange", "red"

_LEGEND = (
    shown.VizLegendOptions()
    .show_legend(True)
    .display_mode(common.LegendDisplayMode.LIST)
    .placement(common.LegendPlacement.BOTTOM)
)
_TOOLTIP = shown.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)

AnyPanel = TypeVar("AnyPanel", timeseries.Panel, table.Panel, stat.Panel, heatmap.Panel)
Step = tuple[float, str]
"""From this value on, this colour."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What a panel says of itself."""

    title: str
    unit: str
    """One of Grafana's."""
    description: str


def _captioned(panel: AnyPanel, caption: Caption) -> AnyPanel:
    return panel.title(caption.title).unit(caption.unit).description(caption.description).datasource(SOURCE)


def steps(first: str, *others: Step) -> dashboard.ThresholdsConfig:
    """Thresholds; `first` is the colour below them all."""
    found = [model.Threshold(None, first), *(model.Threshold(value, colour) for value, colour in others)]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(found)


def lines(caption: Caption, series: Mapping[str, str]) -> timeseries.Panel:
    """Lines over time. `series` maps legends to queries."""
    panel = _captioned(timeseries.Panel(), caption).fill_opacity(8).show_points(common.VisibilityMode.NEVER)
    panel = panel.legend(_LEGEND).tooltip(_TOOLTIP)
    for (legend, expression), ref in zip(series.items(), _refs(len(series)), strict=True):
        panel = panel.with_target(prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(ref))
    return panel


def stacked(panel: timeseries.Panel) -> timeseries.Panel:
    """The lines on top of each other, as parts of a whole."""
    return panel.fill_opacity(40).stacking(shown.StackingConfig().mode(common.StackingMode.NORMAL))


def lined(panel: timeseries.Panel, *marks: Step) -> timeseries.Panel:
    """With a dashed line at each of the values."""
    style = shown.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
    return panel.thresholds(steps("transparent", *marks)).thresholds_style(style)


def number(caption: Caption, expression: str, *marks: Step) -> stat.Panel:
    """One number of now."""
    panel = _captioned(stat.Panel(), caption).graph_mode(common.BigValueGraphMode.NONE).thresholds(steps(GOOD, *marks))
    return panel.with_target(prometheus.Dataquery().expr(expression).instant().ref_id("A"))


def heat(caption: Caption, expression: str) -> heatmap.Panel:
    """How a histogram's buckets fill over time."""
    axis = heatmap.YAxisConfig().unit(caption.unit)
    colour = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").exponent(0.5).steps(64)
    query = prometheus.Dataquery().expr(expression).legend_format("{{le}}").format(PromQueryFormat.HEATMAP).ref_id("A")
    return _captioned(heatmap.Panel(), caption).calculate(False).y_axis(axis).color(colour).with_target(query)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers of now."""

    title: str
    expression: str
    unit: str
    decimals: int
    marks: Sequence[Step] = ()
    """Thresholds that colour the cell, worst last where more is worse."""
    below: str = ""
    """Colour below them all; empty leaves the cell plain."""


def rows(caption: Caption, labels: Mapping[str, str], columns: Sequence[Column], hidden: Sequence[str]) -> table.Panel:
    """One row for each set of labels. `labels` maps the shown ones to their titles, `hidden` are not shown."""
    panel, renamed = _captioned(table.Panel(), caption), dict(labels)
    for column, ref in zip(columns, _refs(len(columns)), strict=True):
        query = prometheus.Dataquery().expr(column.expression).instant().format(PromQueryFormat.TABLE).ref_id(ref)
        panel = panel.with_target(query).override_by_name(column.title, _cells(column))
        renamed[f"Value #{ref}"] = column.title
    arranged = {
        "renameByName": renamed,
        "indexByName": {name: index for index, name in enumerate(renamed)},
        "excludeByName": dict.fromkeys(("Time", *hidden), True),
    }
    return panel.transformations(
        [model.DataTransformerConfig("merge", options={}), model.DataTransformerConfig("organize", options=arranged)]
    )


def _cells(column: Column) -> list[model.DynamicConfigValue]:
    found = [model.DynamicConfigValue("unit", column.unit), model.DynamicConfigValue("decimals", column.decimals)]
    if column.below:
        found += [
            model.DynamicConfigValue("thresholds", steps(column.below, *column.marks).build()),
            model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}),
        ]
    return found


def _refs(count: int) -> Sequence[str]:
    """Grafana's names of a panel's queries."""
    return [chr(ord("A") + index) for index in range(count)]
