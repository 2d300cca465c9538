"""Faults around a real Prometheus: what the resource says, and what an Alertmanager hears."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from tests.support.live_ledger import Held, ledger_of, promising
from tests.support.operator_process import until
from tests.support.watcher import Service, Watcher, a_watcher
from toprope.core.conditions import Condition
from toprope.core.measured import Measured
from toprope.core.resource import Resource
from toprope.slo.budget import State
from toprope.slo.facts.look import Wanted
from toprope.slo.health import Health, Stated, health
from toprope.slo.promise import promise_of
from toprope.slo.reasons import Reason
from toprope.slo.rules import BAD_RATE, BURNING, ERRORS, OBJECTIVE, TOTAL_RATE, Identity, Ruled, group, version_of
from toprope.slo.sli import Counted, sli_of
from toprope.slo.spec import Slo

WELL = [Reason.COUNTED, Reason.EVALUATED]
"""What is said of data and rules."""


def an_slo(name: str, **spec: Any) -> Slo:
    return Slo.model_validate({"name": name, "objective": "99.9", "availability": {}, **spec})


AVAILABILITY = an_slo("availability")
FAST = Slo.model_validate({"name": "fast", "objective": "99", "window": "7d", "latency": {"threshold": "50ms"}})
UNKNOWN = Slo.model_validate({"name": "unknown", "objective": "99", "ratio": {"bad": "no_bad", "total": "no_total"}})
FAILING, UNSELECTED = an_slo("failing"), an_slo("unselected")
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "words": {"description": "Other words."},
    "objective": {"objective": "99.87"},
    "window": {"window": "7d"},
    "tickets": {"alerting": {"ticket": False}},
}


def labels(namespace: str) -> dict[str, str]:
    return {"namespace": namespace, "toprope_dev_name": "links"}


def rules(slo: Slo, namespace: str = "shop") -> dict[str, Any]:
    """As the operator writes them, evaluated once a second so that nobody has to wait."""
    pods = ",".join(f'{label}="{value}"' for label, value in labels(namespace).items())
    sli = sli_of(slo, Counted(namespace, pods, {"redirect": ("/{slug}",)}))
    identity = Identity(namespace, "Tiny", "links", slo.name)
    told = {BURNING: {"description": slo.description or ""}}
    return group(Ruled(identity, sli, promise_of(slo), {}, told)) | {"interval": "1s"}


def spoilt(slo: Slo) -> dict[str, Any]:
    """Rules of which one cannot be evaluated."""
    changed = deepcopy(rules(slo))
    ambiguous = '{__name__=~"up|scrape_duration_seconds"} * on() {__name__=~"up|scrape_duration_seconds"}'
    next(rule for rule in changed["rules"] if rule.get("record") == TOTAL_RATE)["expr"] = ambiguous
    return changed


def judged(resource: Resource, measured: Measured, held: Held, **broken: str) -> Health:
    wanted = {promise_of(slo): version_of(rules(slo, resource.namespace)) for slo in resource.spec.slos}
    return health(Wanted(wanted, broken), measured, Stated(), held.clock.now())


def condition(found: Health, type_: str) -> Condition:
    return next(one for one in found.conditions if one.type == type_)


def page(slo: str) -> dict[str, str]:
    return {"alertname": BURNING, "severity": "page", "slo": slo}


@pytest.fixture(scope="module")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    """Two services called links. That of the shop fails, and its pages have been heard."""
    paging = [AVAILABILITY, an_slo("kept"), *map(an_slo, CHANGES)]
    groups = [*map(rules, (*paging, FAST, UNKNOWN)), spoilt(FAILING), rules(AVAILABILITY, "mall")]
    services = Service(labels("shop")), Service(labels("mall"), bad=0)
    with a_watcher(tmp_path_factory.mktemp("watcher"), groups, *services) as started:
        for slo in paging:
            until(lambda slo=slo: started.heard.about(**page(slo.name)), 60)  # type: ignore[misc]
        yield started


@pytest.mark.parametrize(("namespace", "state", "attained"), [("shop", State.BURNING, 98), ("mall", State.MET, 100)])
async def test_two_of_one_name_in_two_namespaces_have_budgets_of_their_own(
    namespace: str, state: State, attained: float, watcher: Watcher
) -> None:
    resource = promising([AVAILABILITY], namespace)
    async with ledger_of(watcher.url, resource) as held:
        await held.until("availability", "error")
        said = judged(resource, held.ledger.of(resource), held)
    assert said.statuses[0].state is state
    assert float(said.statuses[0].attained or 0) == pytest.approx(attained, abs=1)
    assert bool(watcher.heard.about(namespace=namespace)) == (state is State.BURNING)


@pytest.mark.parametrize("skew", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
async def test_a_clock_that_differs_from_that_of_prometheus_changes_nothing(skew: timedelta, watcher: Watcher) -> None:
    resource = promising([AVAILABILITY])
    async with ledger_of(watcher.url, resource) as held:
        for _ in range(2):  # once before the first look, once between two
            held.clock.leapt += skew
            found = await held.until("availability", "error")
            said = judged(resource, held.ledger.of(resource), held)
            assert found.evaluated
            assert abs(found.evaluated.at - held.clock.now()) < timedelta(seconds=30)
            assert [one.reason for one in said.conditions[:3]] == [Reason.SLO_BURNING, *WELL]


@pytest.mark.parametrize(
    ("beside", "broken", "type_", "reason"),
    [
        (FAILING, {}, "RulesAccepted", Reason.RULE_FAILS),
        (UNSELECTED, {}, "RulesAccepted", Reason.RULES_NOT_SELECTED),
        (None, {"odd": "ratio.bad 'x{' is no PromQL"}, "RulesAccepted", Reason.SLO_NOT_UNDERSTOOD),
        (UNKNOWN, {}, "SloDataPresent", Reason.NO_SERIES),
    ],
)
async def test_good_ones_go_on_beside_a_broken_one(
    beside: Slo | None, broken: dict[str, str], type_: str, reason: Reason, watcher: Watcher
) -> None:
    resource = promising([AVAILABILITY, FAST, *([beside] if beside else [])])
    async with ledger_of(watcher.url, resource) as held:
        await held.until("fast", "error")
        # Prometheus is asked why after two minutes without a sample.
        for leap in (timedelta(minutes=1), timedelta(minutes=3), timedelta()):
            measured = await held.later(leap)
        said = judged(resource, measured, held, **broken)
    assert condition(said, type_).reason == reason
    assert (beside.name if beside else "odd") in condition(said, type_).message
    assert [float(one.attained or 0) for one in said.statuses[:2]] == pytest.approx([98, 88], abs=1)
    assert condition(said, "SlosMet").reason == Reason.SLO_BURNING


def evaluated(watcher: Watcher, slo: Slo) -> None:
    """Loads the rules of an SLO, until they have been evaluated three times."""
    watcher.load(rules(slo))
    record = f'{OBJECTIVE}{{slo="{slo.name}",rules="{version_of(rules(slo))}"}}'
    until(lambda: watcher.query(f"count_over_time({record}[5m]) >= 3"), 60)


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_spec_that_changes_while_its_page_fires_neither_ends_it_nor_pages_again(name: str, watcher: Watcher) -> None:
    before = watcher.firing(**page(name))
    evaluated(watcher, an_slo(name, **CHANGES[name]))
    assert watcher.firing(**page(name)) == before
    assert not [one for one in watcher.heard.about(**page(name)) if one.over]


async def test_an_sli_that_changes_under_its_name_begins_anew(watcher: Watcher) -> None:
    """One in eight is slower than the mistaken threshold, and as many as are bad anyhow than the one that was meant."""
    mistaken, meant = (
        Slo.model_validate({"name": "turned", "objective": "99", "window": "7d", "latency": {"threshold": threshold}})
        for threshold in ("50ms", "1s")
    )
    evaluated(watcher, mistaken)
    until(lambda: watcher.query(f'{ERRORS}{{slo="turned",window="7d"}} > 0.1'), 60)
    evaluated(watcher, meant)
    async with ledger_of(watcher.url, promising([meant])) as held:
        found = await held.until("turned", "error")
    assert found.error
    assert found.error.value == pytest.approx(0.02, abs=0.01)
    assert [one for one in watcher.query(f'{BAD_RATE}{{slo="turned"}}') if one["metric"]["sli"] != found.sli] == []


async def test_a_promise_that_is_kept_after_all_ends_its_page_once(watcher: Watcher) -> None:
    modest = an_slo("kept", objective="95")
    resource = promising([modest])
    async with ledger_of(watcher.url, resource) as held:
        await held.until("kept", "error")
        said = judged(resource, held.ledger.of(resource), held)
        assert condition(said, "RulesAccepted").reason == Reason.EARLIER_RULES
        evaluated(watcher, modest)
        until(lambda: [one for one in watcher.heard.about(**page("kept")) if one.over], 30)
        said = judged(resource, await held.later(timedelta()), held)
    assert [one.over for one in watcher.heard.about(**page("kept"))] == [False, True]
    assert [one.reason for one in said.conditions[:3]] == [Reason.ALL_MET, *WELL]


async def test_a_restart_of_prometheus_is_said_and_ends_no_page(watcher: Watcher) -> None:
    resource = promising([AVAILABILITY])
    async with ledger_of(watcher.url, resource) as held:
        await held.until("availability", "error")
        watcher.kill()
        for leap in (timedelta(seconds=20), timedelta(seconds=60)):
            measured = await held.later(leap)
        said = judged(resource, measured, held)
        assert {one.reason for one in said.conditions} == {Reason.PROMETHEUS_UNAVAILABLE}
        assert said.statuses[0].attained is None
        watcher.start()
        until(lambda: watcher.firing(**page("availability")), 60)
        await held.until("availability", "error")
        said = judged(resource, held.ledger.of(resource), held)
    assert [one.reason for one in said.conditions[:3]] == [Reason.SLO_BURNING, *WELL]
    assert float(said.statuses[0].attained or 0) == pytest.approx(98, abs=1)
    assert not [one for one in watcher.heard.about(**page("availability")) if one.over]
