"""Proofs of generated SLOs, run by the evaluator: the same scenarios and checks that promtool gets."""

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import Mask, Series, Values, every, scraped
from tests.support.specs import slo as generated
from toprope.slo.oracle import Traffic
from toprope.slo.proof import BIRTH, SCRAPE, SOMEBODY, Check, Scenario, checks, scenarios, source
from toprope.slo.rule_sets import Promiser, rule_sets
from toprope.slo.rules import BURNING, INTERVAL, Ruled, group
from toprope.slo.series import Series as Counter
from toprope.slo.sli import GATEWAY, Counted
from toprope.slo.spec import Slo
from toprope.slo.windows import Severity

_PODS = 'namespace="shop",toprope_dev_kind="ShortenerApp",toprope_dev_name="links"'
_ROUTES = {"redirect": ("/{slug}",), "api": ("/api/v1/*",)}
COUNTED = Counted("shop", _PODS, _ROUTES)
"""How a resource's requests are counted without a gateway."""
_ROUTER = "httproute-shop-links-web-gw-infra-public-ep-web-0-0123456789abcdef0123@kubernetesgateway"


def a_promise(seed: int) -> Ruled:
    """A generated SLO that has alerts, counted by pods or by a gateway. The same seed gives the same one."""
    chance = random.Random(seed)
    gateway = {"gateway": f'router=~"{_ROUTER[:-40]}.*"', "router": f'router="{_ROUTER}"'}
    counted = Counted("shop", _PODS, _ROUTES, **chance.choice([{}, gateway]))
    while True:
        slo = Slo.model_validate({"name": "a", **generated(chance)})
        found = rule_sets([slo], Promiser("ShortenerApp", "links", counted, "https://example.com"))[0].ruled
        if found and found.promise.live:
            return found


def stories(seed: int, ruled: Ruled) -> list[Scenario]:
    """The scenarios of an SLO, in an order of this seed."""
    return random.Random(seed).sample(found := scenarios(ruled), len(found))


def first_firing(ruled: Ruled, scenario: Scenario, severity: Severity) -> int:
    """Seconds until the alert fires first."""
    return int(np.argmax(_run(ruled, scenario).firing(BURNING, severity=severity.value))) * INTERVAL


def counterexamples(ruled: Ruled, scenario: Scenario) -> Iterator[Check]:
    """The checks that the rules fail."""
    outcome = _run(ruled, scenario)
    for check in checks(ruled, scenario):
        firing = outcome.firing(BURNING, severity=check.severity.value)
        if bool(firing[check.at // INTERVAL]) != check.fires:
            yield check


def _run(ruled: Ruled, scenario: Scenario) -> Outcome:
    return evaluated(group(ruled), stored(ruled, scenario), every(INTERVAL, scenario.traffic.seconds))


def stored(ruled: Ruled, scenario: Scenario) -> list[Series]:
    """What Prometheus has scraped in this story."""
    seconds = np.arange(0, scenario.traffic.seconds + 1, SCRAPE, dtype=np.float64)
    counts, up, always = source(ruled, scenario), _up(scenario, seconds), np.ones(len(seconds))
    through = counts.name == GATEWAY
    counted, seen = scenario.traffic if through else _of_pods(scenario.traffic), always > 0 if through else up
    found = [
        watched(one.name, seconds, _moved(one, counted, seconds, late_born=scenario.late_born), seen)
        for one in counts.examples
    ]
    if ruled.sli.alive:
        found += [watched(ruled.sli.alive, seconds, always, up), watched(SOMEBODY, seconds, always, always > 0)]
    return found


def _of_pods(traffic: Traffic) -> Traffic:
    return Traffic([phase if phase.up else replace(phase, per_second=0) for phase in traffic.phases])


def _up(scenario: Scenario, seconds: Values) -> Mask:
    ends = np.cumsum([phase.seconds for phase in scenario.traffic.phases])
    ups = np.array([phase.up for phase in scenario.traffic.phases])
    found: Mask = ups[np.searchsorted(ends, seconds)]
    return found


def _moved(counter: Counter, traffic: Traffic, seconds: Values, *, late_born: bool) -> Values:
    total = np.array([traffic.total(0, now) for now in seconds])
    bad = np.array([traffic.bad(0, now) for now in seconds])
    moved: Values = counter.by_good * (total - bad) + counter.by_bad * bad
    if late_born and not counter.by_good:
        return np.where(bad > 0, moved, np.nan)
    return BIRTH + moved


def watched(selector: str, seconds: Values, values: Values, seen: Mask) -> Series:
    """A series that is scraped while it is seen; the first scrape that finds it gone leaves a marker."""
    name, _, labels = selector.removesuffix("}").partition("{")
    pairs = [pair.partition("=") for pair in labels.split(",") if pair]
    gone = seconds[1:][seen[:-1] & ~seen[1:]]
    texts = {label: text.strip('"') for label, _, text in pairs}
    return scraped(name, texts, seconds[seen], values[seen], stale=gone)
