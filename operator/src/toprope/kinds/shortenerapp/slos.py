"""The SLOs of a ShortenerApp: as children (who counts, the rules, the dashboard), and where they stand."""

from datetime import datetime
from typing import Any

from toprope.core.measured import Measured
from toprope.core.objects import POD_MONITOR, PROMETHEUS_RULE, Manifest
from toprope.core.resource import Resource
from toprope.kinds.shortenerapp import places
from toprope.kinds.shortenerapp.counted import counted
from toprope.kinds.shortenerapp.render.pod_monitor import pod_monitor
from toprope.slo.budget import promise_of
from toprope.slo.dashboards.config_map import config_map
from toprope.slo.dashboards.resource import of_resource
from toprope.slo.health import Health, Stated, Wanted, health
from toprope.slo.promises import Promise, Promiser, prometheus_rule, promises, rules_config_map
from toprope.slo.rules import group, version_of

RULES, DASHBOARD = "slos", "dashboard"


def promised(resource: Resource) -> list[Promise]:
    """Each SLO as rules, or with what is wrong with it."""
    who = Promiser(resource.ref.resource.kind, resource.name, counted(resource), resource.installation.runbooks)
    return promises(resource.spec.slos, who)


def monitoring(resource: Resource) -> list[Manifest]:
    """What makes Prometheus count and judge. Without its operator the rules are a plain file in a ConfigMap."""
    absent = resource.installation.absent
    render = rules_config_map if PROMETHEUS_RULE in absent else prometheus_rule
    rules = render(places.metadata(resource, RULES), promised(resource))
    board = [config_map(places.metadata(resource, DASHBOARD), dashboard(resource))] if resource.spec.slos else []
    return [*([] if POD_MONITOR in absent else [pod_monitor(resource)]), *([rules] if rules else []), *board]


def dashboard(resource: Resource) -> dict[str, Any]:
    """Its dashboard for Grafana."""
    rules = [promise.ruled for promise in promised(resource) if promise.ruled]
    return of_resource(resource.ref.resource.kind, resource.name, counted(resource), rules)


def judged(resource: Resource, measured: Measured, now: datetime) -> Health:
    """What there is to say of them."""
    found = promised(resource)
    wanted = Wanted(
        {promise_of(one.slo): version_of(group(one.ruled)) for one in found if one.ruled},
        {one.slo.name: one.broken for one in found if not one.ruled},
        places.name(resource, RULES) if PROMETHEUS_RULE in resource.installation.absent else None,
    )
    return health(wanted, measured, Stated(resource.status.slos, resource.status.conditions), now)
