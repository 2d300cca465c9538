"""The SLOs of one resource as rules, and as the object that carries them to Prometheus.

A broken SLO stays out and says why; the others go on: Prometheus refuses a file with one bad expression whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from toprope.core.objects import CONFIG_MAP, PROMETHEUS_RULE, Manifest
from toprope.slo.rules import BURNING, MISSING, Identity, Ruled, group
from toprope.slo.selectors import Unparsable, within
from toprope.slo.sli import Counted, sli_of
from toprope.slo.spec import Alerting, Slo
from toprope.slo.windows import DAY, Severity, days

RULES_KEY = "rules.yaml"


@dataclass(frozen=True, slots=True)
class Promise:
    """One SLO with its rules, or with the reason why it has none."""

    slo: Slo
    ruled: Ruled | None
    broken: str = ""
    """What is wrong with it, as a sentence; empty when there are rules."""


@dataclass(frozen=True, slots=True)
class Promiser:
    """Whose SLOs they are."""

    kind: str
    name: str
    counted: Counted
    runbooks: str
    """Address of the folder that holds a page for each alert."""


def promises(slos: Sequence[Slo], who: Promiser) -> list[Promise]:
    """Each SLO as rules, in the order of the spec."""
    return [_promise(slo, who) for slo in slos]


def _promise(slo: Slo, who: Promiser) -> Promise:
    try:
        ruled = _ruled(slo, who)
    except Unparsable as error:
        return Promise(slo, None, str(error))
    if ruled.severities and not ruled.live:
        return Promise(slo, None, f"none of the alerts of SLO {slo.name} could ever fire, even if every request failed")
    return Promise(slo, ruled)


def _ruled(slo: Slo, who: Promiser) -> Ruled:
    held = slo.model_copy(update={"ratio": within(slo.ratio, who.counted.namespace)}) if slo.ratio else slo
    return Ruled(
        identity=Identity(who.counted.namespace, who.kind, who.name, slo.name),
        sli=sli_of(held, who.counted),
        objective=slo.objective,
        window=days(slo.window) * DAY,
        severities=_severities(slo.alerting),
        labels={label: _literal(value) for label, value in slo.alerting.labels.items()},
        annotations=_annotations(slo, who.runbooks),
    )


def _severities(alerting: Alerting) -> tuple[Severity, ...]:
    wanted = {Severity.PAGE: alerting.page, Severity.TICKET: alerting.ticket}
    return tuple(severity for severity, is_wanted in wanted.items() if is_wanted)


def _annotations(slo: Slo, runbooks: str) -> dict[str, dict[str, str]]:
    subject = "{{ $labels.kind }} {{ $labels.namespace }}/{{ $labels.name }}"
    promised = f"SLO {slo.name} promises {slo.objective} % over {slo.window}"
    told = {"description": _literal(f"{promised}: {slo.description}" if slo.description else f"{promised}.")}
    runbook = _literal(slo.runbook_url) if slo.runbook_url else None
    return {
        BURNING: told
        | {
            "summary": f"{subject}: {{{{ $value | humanizePercentage }}}} of its requests are bad ({slo.name})",
            "runbook_url": runbook or f"{runbooks}/{BURNING}.md",
        },
        MISSING: told
        | {
            "summary": f"{subject}: nobody has counted its requests for 15 minutes ({slo.name})",
            "runbook_url": runbook or f"{runbooks}/{MISSING}.md",
        },
    }


def _literal(text: str) -> str:
    """Words of a user's that Prometheus must not run: a template could ask for everybody's series."""
    return text.replace("{{", '{{"{{"}}')


def rule_groups(promised: Sequence[Promise]) -> dict[str, Any]:
    """All groups, in the format of a rule file of Prometheus and of `PrometheusRule.spec`."""
    return {"groups": [group(promise.ruled) for promise in promised if promise.ruled]}


def prometheus_rule(metadata: Mapping[str, Any], promised: Sequence[Promise]) -> Manifest | None:
    """The PrometheusRule; None where no SLO has rules."""
    spec = rule_groups(promised)
    if not spec["groups"]:
        return None
    return {
        "apiVersion": PROMETHEUS_RULE.api_version,
        "kind": PROMETHEUS_RULE.kind,
        "metadata": dict(metadata),
        "spec": spec,
    }


def rules_config_map(metadata: Mapping[str, Any], promised: Sequence[Promise]) -> Manifest | None:
    """The same rules as a file, for a Prometheus without its operator; None where no SLO has rules."""
    spec = rule_groups(promised)
    if not spec["groups"]:
        return None
    return {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.kind,
        "metadata": dict(metadata),
        "data": {RULES_KEY: yaml.safe_dump(spec, sort_keys=False, width=100_000)},
    }
