"""The ledger over a real Prometheus that evaluates the rules of real SLOs, and over one that fails."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from tests.support.live_ledger import Held, ledger_of, promising
from tests.support.prometheus_process import PrometheusProcess, a_prometheus
from toprope.core.measured import Sample
from toprope.edge.telemetry import Telemetry
from toprope.io.ledger import Reading
from toprope.slo.budget import State
from toprope.slo.facts.look import Wanted
from toprope.slo.health import Stated, health
from toprope.slo.promise import promise_of
from toprope.slo.reasons import Reason
from toprope.slo.rules import (
    BAD,
    BAD_RATE,
    BURN,
    BURNING,
    ERRORS,
    OBJECTIVE,
    TOTAL,
    TOTAL_RATE,
    Identity,
    Ruled,
    group,
    version_of,
)
from toprope.slo.sli import Counted, sli_of
from toprope.slo.spec import Slo

LABELS = {"namespace": "shop", "toprope_dev_name": "links"}
COUNTED = Counted("shop", 'namespace="shop",toprope_dev_name="links"', {"redirect": ("/{slug}",)})
SLOS = {
    slo.name: slo
    for slo in (
        Slo.model_validate({"name": "availability", "objective": "99.9", "availability": {}}),
        Slo.model_validate({"name": "fast", "objective": "99", "window": "7d", "latency": {"threshold": "50ms"}}),
        Slo.model_validate({"name": "nothing", "objective": "99", "ratio": {"bad": "no_bad", "total": "no_total"}}),
        Slo.model_validate({"name": "broken", "objective": "99", "availability": {}}),
        Slo.model_validate({"name": "spared", "objective": "99", "availability": {}}),
        Slo.model_validate({"name": "mute", "objective": "99", "availability": {}}),
        Slo.model_validate({"name": "unselected", "objective": "99", "availability": {}}),
        Slo.model_validate({"name": "absurd", "objective": "99", "availability": {}}),
    )
}


def rules(slo: Slo) -> dict[str, Any]:
    """As the operator writes them, evaluated once a second so that nobody has to wait."""
    identity = Identity("shop", "Tiny", "links", slo.name)
    return group(Ruled(identity, sli_of(slo, COUNTED), promise_of(slo))) | {"interval": "1s"}


def spoilt(group: dict[str, Any], which: str, expression: str) -> dict[str, Any]:
    changed = deepcopy(group)
    next(rule for rule in changed["rules"] if which in (rule.get("record"), rule.get("alert")))["expr"] = expression
    return changed


def loaded() -> list[dict[str, Any]]:
    groups = [rules(SLOS[name]) for name in ("availability", "fast", "nothing")]
    ambiguous = '{__name__=~"up|scrape_duration_seconds"} * on() {__name__=~"up|scrape_duration_seconds"}'
    broken = {"broken": TOTAL_RATE, "spared": BAD_RATE, "mute": BURNING}
    groups += [spoilt(rules(SLOS[name]), which, ambiguous) for name, which in broken.items()]
    return [*groups, spoilt(rules(SLOS["absurd"]), ERRORS, f'{TOTAL}{{slo="absurd"}} * 0 / 0')]


ALL = promising(list(SLOS.values()))


def a_ledger(prometheus: PrometheusProcess) -> AbstractAsyncContextManager[Held]:
    return ledger_of(prometheus.url, ALL)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusProcess]:
    with a_prometheus(tmp_path_factory.mktemp("prometheus"), loaded(), **LABELS) as started:
        yield started


def said(prometheus: PrometheusProcess, record: str, slo: str, at: Sample, window: str | None) -> float:
    """The sample of that moment, as Prometheus has it."""
    series = prometheus.query(f'{record}{{slo="{slo}"' + (f',window="{window}"}}' if window else "}") + "[5m]")
    samples = [sample for one in series for sample in one["values"]]
    return float(min(samples, key=lambda sample: abs(sample[0] - at.at.timestamp()))[1])


@pytest.mark.parametrize("slo", ["availability", "fast"])
async def test_numbers_are_those_of_prometheus(slo: str, prometheus: PrometheusProcess) -> None:
    async with a_ledger(prometheus) as held:
        found = await held.until(slo, "error")
    assert found.error
    assert found.counted
    window = SLOS[slo].window
    recorded = {(ERRORS, window): found.error, (TOTAL_RATE, None): found.counted}
    for record, by_window in ((TOTAL, found.total), (BAD, found.bad), (BURN, found.burn)):
        assert len(by_window) >= 5
        recorded |= {(record, window): sample for window, sample in by_window.items()}
    for (record, window_or_none), sample in recorded.items():
        assert said(prometheus, record, slo, sample, window_or_none) == pytest.approx(sample.value, rel=1e-6)


async def burning(held: Held) -> Reading:
    """What the ledger makes of `availability` once enough requests were counted."""
    async with asyncio.timeout(60):
        while True:
            await held.ledger.look()
            found = next(one for one in held.ledger.readings if one.identity.slo == "availability")
            if found.standing.budget.state is State.BURNING:
                return found
            await asyncio.sleep(0.2)


async def test_the_operators_metrics_are_those_numbers(prometheus: PrometheusProcess) -> None:
    telemetry = Telemetry()
    async with a_ledger(prometheus) as held:
        await held.until("availability", "error")
        reading = await burning(held)
    telemetry.watch_slos(lambda: held.ledger.readings)
    whose = {"namespace": "shop", "kind": "Tiny", "name": "links", "slo": "availability"}
    for window, sample in reading.standing.numbers.burn.items():
        told = telemetry.registry.get_sample_value("toprope_slo_burn_ratio", whose | {"window": window})
        assert told == pytest.approx(said(prometheus, BURN, "availability", sample, window), rel=1e-6)
    error = reading.standing.numbers.error
    assert error
    attained = telemetry.registry.get_sample_value("toprope_slo_attained_ratio", whose)
    assert attained == pytest.approx(1 - said(prometheus, ERRORS, "availability", error, "30d"), abs=1e-6)
    assert telemetry.registry.get_sample_value("toprope_slo_state", whose | {"state": "Burning"}) == 1


async def test_what_is_served_becomes_a_status(prometheus: PrometheusProcess) -> None:
    wanted = {promise_of(SLOS[name]): version_of(rules(SLOS[name])) for name in ("availability", "fast")}
    async with a_ledger(prometheus) as held:
        await held.until("availability", "error")
        await held.until("fast", "error")
        found = health(Wanted(wanted), held.ledger.of(ALL), Stated(), held.clock.now())
        assert [one.reason for one in found.conditions] == [
            Reason.SLO_BURNING,
            Reason.COUNTED,
            Reason.EVALUATED,
            Reason.RETENTION_BELOW_WINDOW,
        ]
        status = found.statuses[0]
        error = held.ledger.of(ALL).of("availability").error
        assert error
        assert float(status.attained or 0) == pytest.approx(100 * (1 - error.value), abs=1e-3)
        # Two of a hundred, at 99.9 %: twenty times too fast. More where a busy machine let a scrape time out: nobody
        # was up then, and what was lost is bad.
        assert float(status.burn_rate.page_quick or 0 if status.burn_rate else 0) >= 18
        earlier = health(Wanted(dict.fromkeys(wanted, "version0")), held.ledger.of(ALL), Stated(), held.clock.now())
        assert earlier.conditions[2].reason == Reason.EARLIER_RULES


async def test_what_is_wrong_with_rules_is_found_out(prometheus: PrometheusProcess) -> None:
    async with a_ledger(prometheus) as held:
        await held.until("broken", "rules")
        measured = await held.later(timedelta(minutes=1))
        assert measured.of("broken").failing is None
        await held.later(timedelta(minutes=3))
        measured = await held.later(timedelta())
    assert "duplicate series" in (measured.of("broken").failing or "")
    assert (measured.of("unselected").loaded, measured.of("unselected").rules) == (False, None)
    assert (measured.of("nothing").loaded, measured.of("nothing").counted) == (True, None)
    assert measured.of("availability").loaded is None


@pytest.mark.parametrize(("slo", "which"), [("spared", BAD_RATE), ("mute", BURNING)])
async def test_a_rule_that_fails_beside_a_count_is_found_out(
    slo: str, which: str, prometheus: PrometheusProcess
) -> None:
    """The first rule of the group runs, and total is counted: only Prometheus knows that nobody would be woken."""
    async with a_ledger(prometheus) as held:
        await held.until(slo, "counted")
        found = await held.until(slo, "failing")
        said = health(
            Wanted({promise_of(SLOS[slo]): found.rules or ""}), held.ledger.of(ALL), Stated(), held.clock.now()
        )
    assert (found.failing or "").startswith(f"{which}: ")
    assert [one.reason for one in said.conditions if one.type == "RulesAccepted"] == [Reason.RULE_FAILS]


async def test_no_number_is_no_data_and_the_others_go_on(prometheus: PrometheusProcess) -> None:
    async with a_ledger(prometheus) as held:
        await held.until("absurd", "error")
        await held.until("availability", "error")
        await held.ledger.look()
    states = {one.identity.slo: one.standing.budget.state for one in held.ledger.readings}
    assert states["absurd"] is State.NO_DATA
    assert states["availability"] is State.BURNING


@pytest.mark.parametrize("fault", ["killed", "hanging"])
async def test_a_prometheus_that_goes_away_and_comes_back(fault: str, tmp_path: Any) -> None:
    with a_prometheus(tmp_path, loaded(), **LABELS) as prometheus:
        async with a_ledger(prometheus) as held:
            await held.until("availability", "error")
            before, bells = held.clock.now(), held.bells
            prometheus.kill() if fault == "killed" else prometheus.hang()
            assert (await held.later(timedelta(seconds=20))).blind is None
            blind = (await held.later(timedelta(seconds=60))).blind
            assert blind
            assert blind.since
            assert blind.since <= before
            assert held.bells > bells
            prometheus.start() if fault == "killed" else prometheus.go_on()
            assert (await held.until("availability", "error")).burn
            assert held.ledger.of(ALL).blind is None


async def test_the_proof_of_the_rules_is_in_prometheus(prometheus: PrometheusProcess) -> None:
    async with a_ledger(prometheus) as held:
        found = await held.until("availability", "rules")
    versions = {one["metric"]["rules"] for one in prometheus.query(f'{OBJECTIVE}{{slo="availability"}}')}
    assert {found.rules} == versions == {version_of(rules(SLOS["availability"]))}
