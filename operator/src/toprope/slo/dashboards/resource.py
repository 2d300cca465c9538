"""The dashboard of one resource: its promises, how they burn, what its users ask, and its pods."""

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import common as shown
from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from toprope.core.names import short_hash
from toprope.slo.dashboards import overview, promql
from toprope.slo.dashboards.frame import Row, filled, framed
from toprope.slo.dashboards.panels import BAD, SOURCE, WARNING, Caption, heat, lined, lines, stacked
from toprope.slo.dashboards.standing import TIMES, standing
from toprope.slo.rules import Ruled, number
from toprope.slo.sli import Counted
from toprope.slo.windows import Severity, Tier, duration

_STEP = "60s"
_COLOURS = {Severity.PAGE: BAD, Severity.TICKET: WARNING}


def uid(namespace: str, kind: str, name: str) -> str:
    """The same for ever, and no other resource's."""
    return f"toprope-{short_hash(f'{namespace}/{kind}/{name}', 20)}"


def of_resource(kind: str, name: str, counted: Counted, slos: Sequence[Ruled]) -> dict[str, Any]:
    """The dashboard of one resource; `slos` are those that have rules."""
    namespace = counted.namespace
    whose = f'namespace="{namespace}",kind="{kind}",name="{name}"'
    above = dashboard.DashboardLink("Every resource").type(model.DashboardLinkType.LINK).url(f"/d/{overview.UID}")
    above = above.placement("")  # in sight, not in a menu
    frame = framed(f"{kind} {namespace}/{name}", uid(namespace, kind, name)).time("now-6h", "now").link(above)
    frame = frame.description(f"The SLOs of {kind} {namespace}/{name}, how they burn, its requests and its pods.")
    frame = frame.annotation(_marked("Releases", "blue", promql.released(counted.pods), promql.OF_REVISION))
    frame = frame.annotation(_marked("Experiments", "purple", promql.experimented(whose), "experiment"))
    return filled(frame, [*_promises(whose, slos), *_requests(whose, counted, slos), *_pods(counted.pods)])


def _marked(name: str, colour: str, expression: str, label: str) -> dashboard.AnnotationQuery:
    mark = dashboard.AnnotationQuery().name(name).datasource(SOURCE).enable(True).icon_color(colour)
    # Versions of Grafana differ in where they look for the query.
    query = prometheus.Dataquery().expr(expression).interval(_STEP).ref_id("Anno")
    mark = mark.target(query).expr(expression).step(_STEP)
    return mark.title_format(name.removesuffix("s")).text_format(f"{{{{{label}}}}}")


def _promises(whose: str, slos: Sequence[Ruled]) -> list[Row]:
    if not slos:
        return []
    burns = [_burn(ruled) for ruled in slos]
    pairs = [Row(9, burns[start : start + 2], columns=2) for start in range(0, len(burns), 2)]
    return [Row(4 + len(slos), [standing(whose, {"slo": "SLO"})]), Row(8, [_budgets(whose, slos)]), *pairs]


def _budgets(whose: str, slos: Sequence[Ruled]) -> timeseries.Panel:
    caption = Caption(
        "Error budget left",
        "percentunit",
        "What is left of each error budget over the SLO's own window: 100 % untouched, at the line it is spent."
        " While the history is shorter than the window, the budget is that of a whole window at today's rate, if that"
        " is more than was seen.",
    )
    longest = duration(max(ruled.promise.window for ruled in slos))
    return lined(lines(caption, {"{{slo}}": promql.left(whose)}), (0, BAD)).time_from(longest)


def _burn(ruled: Ruled) -> timeseries.Panel:
    name, window = ruled.identity.slo, duration(ruled.promise.window)
    caption = Caption(
        f"Burn of {name}",
        TIMES,
        f"How many times as fast as it comes back the budget of {name} is spent"
        f" ({ruled.promise.objective} % over {window})."
        " A tier's line is the lesser burn of its two windows; above its dashed line, and with enough bad events not"
        " to be chance, it pages (red) or opens a ticket (orange).",
    )
    series = {_legend(tier): promql.burn_of_tier(ruled.identity, tier) for tier in ruled.promise.live}
    series[f"whole window ({window})"] = promql.burn(ruled.identity, ruled.promise.window)
    marks = sorted((float(tier.factor), _COLOURS[tier.severity]) for tier in ruled.promise.live)
    # Calm burns lie below 1 and an outage a thousand times higher; both must be seen, and the lines with them.
    scale = shown.ScaleDistributionConfig().type(common.ScaleDistribution.SYMLOG).log(10).linear_threshold(1)
    highest = max((value for value, _ in marks), default=1)
    return lined(lines(caption, series), *marks).scale_distribution(scale).axis_soft_min(0).axis_soft_max(highest)


def _legend(tier: Tier) -> str:
    return f"{tier.name} ({duration(tier.short)}, {duration(tier.long)}) above {number(round(tier.factor, 2))}"


def _requests(whose: str, counted: Counted, slos: Sequence[Ruled]) -> list[Row]:
    traffic = Caption("Traffic", "reqps", "Requests a second of each published route, as its pods count them.")
    answers = Caption("Answers", "reqps", "Answers a second by status code. 499: the client gave up.")
    took = Caption(
        "Latency", "s", "How long answers took: the stronger the colour, the more requests fell between two bounds."
    )
    by_route = {route: promql.requests(counted, route) for route in counted.routes}
    panels = [
        stacked(lines(traffic, by_route)),
        stacked(lines(answers, {"{{http_response_status_code}}": promql.answers(counted)})),
        *([_errors(whose)] if slos else []),
    ]
    return [Row(8, panels), Row(10, [heat(took, promql.durations(counted))])]


def _errors(whose: str) -> timeseries.Panel:
    caption = Caption("Errors", "eps", "Events a second that each SLO counts as bad, by who decides for it.")
    return lines(caption, {"{{slo}}": promql.bad(whose)})


def _pods(pods: str) -> list[Row]:
    up = Caption("Pods", "none", "Pods of each revision that answer Prometheus.")
    memory = Caption("Memory", "bytes", "Resident memory of all processes of each pod.")
    cores = Caption("CPU", "suffix: cores", "Cores that each pod uses.")
    return [
        Row(8, [
            stacked(lines(up, {f"{{{{{promql.OF_REVISION}}}}}": promql.pods_up(pods)})),
            lines(memory, {"{{pod}}": promql.memory(pods)}),
            lines(cores, {"{{pod}}": promql.cores(pods)}),
        ])
    ]  # fmt: skip
