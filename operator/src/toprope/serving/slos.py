"""The SLOs of a resource: as children (who counts, the rules, the dashboard), and where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from toprope.core.measured import Measured
from toprope.core.objects import POD_MONITOR, PROMETHEUS_RULE, Manifest
from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.counted import counted
from toprope.serving.render.pod_monitor import pod_monitor
from toprope.slo.dashboards.config_map import config_map, packed
from toprope.slo.dashboards.resource import of_resource, uid
from toprope.slo.facts.look import Wanted
from toprope.slo.health import Health, Stated, health
from toprope.slo.rule_sets import Promiser, RuleSet, prometheus_rule, rule_sets, rules_config_map, rules_file
from toprope.slo.rules import version_of
from toprope.slo.sli import GATEWAY

RULES, DASHBOARD = "slos", "dashboard"


REMEMBERED = 32
"""Resources whose rules and dashboard are at hand, for their passes follow one another; more than pass at once."""


@dataclass(frozen=True, slots=True)
class Watching:
    """What the SLOs of a resource are watched with."""

    rule_sets: Sequence[RuleSet]
    """Each SLO as rules, or with what is wrong with it."""
    rules: str
    """The rules as a file, where nobody reads the groups themselves; empty where no SLO has any."""
    board: str
    """The dashboard as a file."""


@dataclass(frozen=True, slots=True)
class _Promised:
    """What all of that is made from. Equal is what says the same: SLOs hold mappings, and have no hash."""

    words: str
    resource: Resource = field(compare=False, repr=False)


def watching(resource: Resource) -> Watching:
    """Made once, and again when what it is made from is another: of a pass it would be a good part."""
    said = (resource.spec.slos, _promiser(resource), _is_file(resource))
    return _watching(_Promised(repr(said), resource))


@lru_cache(maxsize=REMEMBERED)
def _watching(promised: _Promised) -> Watching:
    resource = promised.resource
    found = rule_sets_of(resource)
    rules = rules_file(found) if _is_file(resource) else ""
    return Watching(found, rules, packed(dashboard(resource, found)) if found else "")


def rule_sets_of(resource: Resource) -> list[RuleSet]:
    """Each SLO as rules, or with what is wrong with it."""
    return rule_sets(resource.spec.slos, _promiser(resource))


def _promiser(resource: Resource) -> Promiser:
    return Promiser(resource.ref.resource.kind, resource.name, counted(resource), resource.installation.runbooks)


def _is_file(resource: Resource) -> bool:
    """Without Prometheus' operator the rules are a plain file in a ConfigMap."""
    return PROMETHEUS_RULE in resource.installation.absent


def monitoring(resource: Resource, watched: Watching) -> list[Manifest]:
    """What makes Prometheus count and judge."""
    metadata = places.metadata(resource, RULES)
    is_file, found = _is_file(resource), watched.rule_sets
    rules = rules_config_map(metadata, watched.rules) if is_file else prometheus_rule(metadata, found)
    board = uid(resource.namespace, resource.ref.resource.kind, resource.name)
    return [
        *([] if POD_MONITOR in resource.installation.absent else [pod_monitor(resource)]),
        *([rules] if rules else []),
        *([config_map(places.metadata(resource, DASHBOARD), board, watched.board)] if watched.board else []),
    ]


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
        file=places.name(resource, RULES) if _is_file(resource) else None,
    )
    return health(wanted, measured, Stated(resource.status.slos, resource.status.conditions), now)
