"""The SLOs of a ShortenerApp: as children (who counts, the rules, the dashboard), and where they stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from toprope.core.measured import Measured
from toprope.core.objects import POD_MONITOR, PROMETHEUS_RULE, Manifest
from toprope.core.resource import Resource
from toprope.kinds.shortenerapp import places
from toprope.kinds.shortenerapp.counted import counted
from toprope.kinds.shortenerapp.render.pod_monitor import pod_monitor
from toprope.slo.dashboards.config_map import config_map
from toprope.slo.dashboards.resource import of_resource
from toprope.slo.facts.look import Wanted
from toprope.slo.health import Health, Stated, health
from toprope.slo.rule_sets import Promiser, RuleSet, prometheus_rule, rule_sets, rules_config_map
from toprope.slo.rules import version_of
from toprope.slo.sli import GATEWAY

RULES, DASHBOARD = "slos", "dashboard"


def rule_sets_of(resource: Resource) -> list[RuleSet]:
    """Each SLO as rules, or with what is wrong with it."""
    who = Promiser(resource.ref.resource.kind, resource.name, counted(resource), resource.installation.runbooks)
    return rule_sets(resource.spec.slos, who)


def monitoring(resource: Resource, found: Sequence[RuleSet]) -> list[Manifest]:
    """What makes Prometheus count and judge. Without its operator the rules are a plain file in a ConfigMap."""
    absent = resource.installation.absent
    render = rules_config_map if PROMETHEUS_RULE in absent else prometheus_rule
    rules = render(places.metadata(resource, RULES), found)
    board = [config_map(places.metadata(resource, DASHBOARD), dashboard(resource, found))] if found else []
    return [*([] if POD_MONITOR in absent else [pod_monitor(resource)]), *([rules] if rules else []), *board]


def dashboard(resource: Resource, found: Sequence[RuleSet]) -> dict[str, Any]:
    """Its dashboard for Grafana."""
    ruled = [one.ruled for one in found if one.ruled]
    return of_resource(resource.ref.resource.kind, resource.name, counted(resource), ruled)


def judged(resource: Resource, found: Sequence[RuleSet], measured: Measured, now: datetime) -> Health:
    """What there is to say of them."""
    ruled = [(one.ruled, one.group) for one in found if one.ruled]
    first = {one.promise.name: one.sli.sources[0] for one, _ in ruled}
    wanted = Wanted(
        rules={one.promise: version_of(group) for one, group in ruled},
        broken={one.slo.name: one.broken for one in found if not one.ruled},
        gateway={name: source.anchor for name, source in first.items() if source.name == GATEWAY},
        file=places.name(resource, RULES) if PROMETHEUS_RULE in resource.installation.absent else None,
    )
    return health(wanted, measured, Stated(resource.status.slos, resource.status.conditions), now)
