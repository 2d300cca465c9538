"""Proofs of generated SLOs, run by the evaluator: the same scenarios and checks that promtool gets."""

import random
from collections.abc import Iterator

import numpy as np

from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import Series, every, scraped
from tests.support.specs import slo as generated
from toprope.slo.proof import BIRTH, SCRAPE, Check, Scenario, checks, scenarios
from toprope.slo.rule_sets import Promiser, rule_sets
from toprope.slo.rules import BURNING, INTERVAL, Ruled, group
from toprope.slo.series import Series as Counter
from toprope.slo.sli import Counted
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
    until = scenario.traffic.seconds
    stored = [_stored(one, scenario) for one in ruled.sli.sources[0].examples]
    if ruled.sli.alive:
        seconds = np.arange(0, until + 1, SCRAPE, dtype=np.float64)
        stored.append(_scraped(ruled.sli.alive, seconds, np.ones(len(seconds))))
    return evaluated(group(ruled), stored, every(INTERVAL, until))


def _stored(counter: Counter, scenario: Scenario) -> Series:
    seconds = np.arange(0, scenario.traffic.seconds + 1, SCRAPE, dtype=np.float64)
    total = np.array([scenario.traffic.total(0, now) for now in seconds])
    bad = np.array([scenario.traffic.bad(0, now) for now in seconds])
    moved = counter.by_good * (total - bad) + counter.by_bad * bad
    if scenario.late_born and not counter.by_good:
        return _scraped(counter.name, seconds, np.where(bad > 0, moved, np.nan))
    return _scraped(counter.name, seconds, BIRTH + moved)


def _scraped(selector: str, seconds: np.ndarray, values: np.ndarray) -> Series:
    name, _, labels = selector.removesuffix("}").partition("{")
    pairs = [pair.partition("=") for pair in labels.split(",") if pair]
    return scraped(name, {label: text.strip('"') for label, _, text in pairs}, seconds, values)
