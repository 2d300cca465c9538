"""Proofs of generated SLOs, run by the evaluator: the same scenarios and checks that promtool gets."""

import os
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.promtool import program
from tests.support.promql.series import Mask, Series, Values, every, scraped
from tests.support.specs import slo as generated
from toprope.slo.oracle import Phase, Traffic
from toprope.slo.proof import (
    BIRTH,
    SCRAPE,
    SOMEBODY,
    Check,
    Recorded,
    absences,
    checks,
    promtool_test,
    records,
    source,
)
from toprope.slo.rule_sets import Promiser, rule_sets
from toprope.slo.rules import BURNING, INTERVAL, Ruled, group
from toprope.slo.selectors import selector as read_selector
from toprope.slo.series import Series as Counter
from toprope.slo.sli import GATEWAY, Counted
from toprope.slo.spec import Slo
from toprope.slo.stories import Scenario, scenarios
from toprope.slo.windows import Severity

_PODS = 'namespace="shop",toprope_dev_kind="ShortenerApp",toprope_dev_name="links"'
_ROUTES = {"redirect": ("/{slug}",), "api": ("/api/v1/*",)}
COUNTED = Counted("shop", _PODS, _ROUTES)
"""How a resource's requests are counted without a gateway."""
_ROUTER = "httproute-shop-links-web-gw-infra-public-ep-web-0-0123456789abcdef0123@kubernetesgateway"


BEHIND = replace(COUNTED, gateway=f'router=~"{_ROUTER[:-40]}.*"', router=f'router="{_ROUTER}"')
"""The same behind a gateway."""

_SELDOM = {"GOGC": "400"}
"""promtool's memory is collected seldom: a fifth of its time (measured)."""
_PATIENCE = 900.0
"""Seconds that promtool is waited for: one long scenario takes it half a minute where nothing else runs."""


def a_promise(seed: int) -> Ruled:
    """A generated SLO that has alerts, counted by pods or by a gateway. The same seed gives the same one."""
    chance = random.Random(seed)
    counted = chance.choice([COUNTED, BEHIND])
    while True:
        found = ruled_of({"name": "a", **generated(chance)}, counted)
        if found and found.promise.live:
            return found


def ruled_of(slo: Mapping[str, Any], counted: Counted = COUNTED) -> Ruled | None:
    """An SLO as its rules are made from; None where it is broken."""
    who = Promiser("ShortenerApp", "links", counted, "https://example.com")
    return rule_sets([Slo.model_validate(slo)], who)[0].ruled


def kinds() -> list[str]:
    """The names of all scenarios: an SLO that a gateway counts has every one."""
    ruled = ruled_of({"name": "a", "objective": "99.9", "availability": {}}, BEHIND)
    return [one.name for one in scenarios(ruled)] if ruled else []


def drawn(number: int, names: Sequence[str]) -> tuple[Ruled, Scenario]:
    """One scenario after the other, each of the next generated SLO that has it."""
    name = names[number % len(names)]
    # A stretch of seeds for each: neighbours would find the same one.
    promises = (a_promise(seed) for seed in count(1000 * number))
    return next((ruled, one) for ruled in promises for one in scenarios(ruled) if one.name == name)


def firing(ruled: Ruled, scenario: Scenario, severity: Severity) -> Mask:
    """At which evaluations the alert of that severity fires."""
    return _run(ruled, scenario).firing(BURNING, severity=severity.value)


def counterexamples(
    ruled: Ruled, scenario: Scenario, rules: Mapping[str, Any] | None = None
) -> Iterator[Check | Recorded]:
    """The checks that its rules fail, or these rules in their place."""
    outcome = _run(ruled, scenario, rules)
    for check in (*checks(ruled, scenario), *absences(ruled, scenario)):
        firing = outcome.firing(check.alert, severity=check.severity.value)
        if bool(firing[check.at // INTERVAL]) != check.fires:
            yield check
    for one in records(ruled, scenario):
        row, now = outcome.record(one.name, **one.labels), one.at // INTERVAL
        if not (row.there[now] and abs(row.values[now] - one.value) < one.tolerance):
            yield one


def refused(ruled: Ruled, scenario: Scenario, folder: Path) -> str:
    """What promtool says against the proof of one scenario; empty when it agrees. It writes into the folder."""
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": [group(ruled)]}), encoding="utf-8")
    test = folder / "test.yaml"
    test.write_text(yaml.safe_dump(promtool_test(ruled, scenario, "rules.yaml"), width=100_000), encoding="utf-8")
    command = [program() or "promtool", "test", "rules", str(test)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_PATIENCE, check=False, env=os.environ | _SELDOM
    )
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


def _run(ruled: Ruled, scenario: Scenario, rules: Mapping[str, Any] | None = None) -> Outcome:
    return evaluated(rules or group(ruled), stored(ruled, scenario), every(INTERVAL, scenario.traffic.seconds))


def stored(ruled: Ruled, scenario: Scenario) -> list[Series]:
    """What Prometheus has scraped in this story."""
    seconds = np.arange(0, scenario.traffic.seconds + 1, SCRAPE, dtype=np.float64)
    counts, always = source(ruled, scenario), np.ones(len(seconds))
    up, somebody = (_while(scenario, seconds, of) for of in (lambda phase: phase.up, lambda phase: phase.counted))
    through = counts.name == GATEWAY
    counted, seen = scenario.traffic if through else _of_pods(scenario.traffic), somebody if through else up & somebody
    found = [
        watched(one.name, seconds, _moved(one, counted, seconds, late_born=scenario.late_born), seen)
        for one in counts.examples
    ]
    if ruled.sli.alive:
        found += [watched(ruled.sli.alive, seconds, always, up), watched(SOMEBODY, seconds, always, somebody)]
    return found


def _of_pods(traffic: Traffic) -> Traffic:
    return Traffic([phase if phase.up else replace(phase, per_second=0) for phase in traffic.phases])


def _while(scenario: Scenario, seconds: Values, holds: Callable[[Phase], bool]) -> Mask:
    ends = np.cumsum([phase.seconds for phase in scenario.traffic.phases])
    held = np.array([holds(phase) for phase in scenario.traffic.phases])
    found: Mask = held[np.searchsorted(ends, seconds)]
    return found


def _moved(counter: Counter, traffic: Traffic, seconds: Values, *, late_born: bool) -> Values:
    ends = np.cumsum([0, *(phase.seconds for phase in traffic.phases)])
    totals, bads = np.array([traffic.within(0, end) for end in ends]).T
    total, bad = np.interp(seconds, ends, totals), np.interp(seconds, ends, bads)
    moved: Values = counter.by_good * (total - bad) + counter.by_bad * bad
    if late_born and not counter.by_good:
        return np.where(bad > 0, moved, np.nan)
    return BIRTH + moved


def watched(selector: str, seconds: Values, values: Values, seen: Mask) -> Series:
    """A series that is scraped while it is seen; the first scrape that finds it gone leaves a marker."""
    read = read_selector(selector)
    gone = seconds[1:][seen[:-1] & ~seen[1:]]
    labels = {one.name: one.value for one in read.matchers}
    return scraped(read.name, labels, seconds[seen], values[seen], stale=gone)
