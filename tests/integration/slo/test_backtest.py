"""`toprope slo backtest` over a real Prometheus that has counted for days, and never evaluated a rule."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import Result

from tests.support.backfill import backfill
from tests.support.prometheus_process import PrometheusProcess, a_memory
from tests.support.promql.series import Series
from tests.support.proofs import watched
from tests.unit.cli.test_commands import run
from toprope.cli.rendering import installation, resource_from
from toprope.core.conditions import moment
from toprope.kinds import KINDS
from toprope.slo.oracle import Phase, Traffic, Turn, turns
from toprope.slo.proof import BIRTH, LATE, LATE_BY_SUMS, SCRAPE, SOMEBODY
from toprope.slo.rules import INTERVAL, Ruled
from toprope.slo.windows import HOUR, MINUTE, Severity

RATE = 20.0
LOST = 20 * MINUTE
INCIDENTS = (
    Phase(26 * HOUR, RATE, 0),
    Phase(20 * MINUTE, RATE, 1),
    Phase(15 * HOUR, RATE, 0),
    Phase(3 * HOUR, RATE, 0.02),
    Phase(15 * HOUR, RATE, 0),
)
TRAFFIC = Traffic([*INCIDENTS, Phase(LOST, RATE, 1), Phase(15 * HOUR, RATE, 0)])
"""What users saw: an outage, a slow leak, and then nobody there at all."""
COUNTED = Traffic([*INCIDENTS, Phase(LOST, 0, 0), Phase(15 * HOUR, RATE, 0)])
"""What the pods counted of it."""
GONE = sum(phase.seconds for phase in INCIDENTS)
SINCE = 74
"""Hours that a backtest looks back; the history is a little longer, and goes on for some minutes from now."""
START = time.time() // 60 * 60 + 10 * MINUTE - TRAFFIC.seconds

STRICT = {"name": "availability", "objective": "99.9", "availability": {}}
WEEK = {"name": "week", "objective": "99", "window": "7d", "availability": {}}
OWN = {"name": "jobs", "objective": "99", "ratio": {"bad": "failed_total", "total": "jobs_total"}}


def manifest(*slos: dict[str, Any], name: str = "links") -> str:
    ours = {"apiVersion": "toprope.dev/v1alpha1", "kind": "ShortenerApp", "metadata": {"name": name}}
    return json.dumps({**ours, "spec": {"slos": slos}})


def ruled(slo: dict[str, Any]) -> Ruled:
    kind, resource = resource_from(json.loads(manifest(slo)), KINDS, installation("", "", ""))
    found = kind.rule_sets(resource)[0].ruled
    assert found
    return found


def history() -> Iterator[Series]:
    """Of the pods, and of somebody else who is up all the time."""
    seconds = np.arange(0, TRAFFIC.seconds + 1, SCRAPE, dtype=np.float64)
    total, bad = np.array([COUNTED.within(0, now) for now in seconds]).T
    always, there = np.ones(len(seconds)), (seconds < GONE) | (seconds >= GONE + LOST)
    counts = ruled(STRICT)
    for one in counts.sli.sources[0].examples:
        yield watched(one.name, seconds, BIRTH + one.by_good * (total - bad) + one.by_bad * bad, there)
    yield watched(counts.sli.alive or "", seconds, there.astype(np.float64), always > 0)
    yield watched(SOMEBODY, seconds, always, always > 0)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusProcess]:
    directory = tmp_path_factory.mktemp("memory")
    backfill(directory / "data", history(), START)
    with a_memory(directory) as prometheus:
        yield prometheus


def backtest(prometheus: PrometheusProcess, *words: str, given: str) -> Result:
    return run("slo", "backtest", "-f", "-", "--prometheus", prometheus.url, *words, given=given)


def told(prometheus: PrometheusProcess, *words: str, given: str) -> dict[str, Any]:
    shown = backtest(prometheus, "--since", f"{SINCE}h", "-o", "json", *words, given=given)
    assert shown.exit_code == 0, shown.output
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def is_in_time(said: str | None, turn: Turn) -> bool:
    late = moment(said or "").timestamp() - START - turn.at
    # The minute in which pods vanish is lost whole.
    return -INTERVAL <= late <= (LATE_BY_SUMS if turn.by_sums else LATE)


@pytest.mark.parametrize("slo", [STRICT, WEEK], ids=["month", "week"])
def test_alerts_would_have_come_and_gone_when_the_maths_say(slo: dict[str, Any], memory: PrometheusProcess) -> None:
    (found,) = told(memory, given=manifest(slo))["slos"]
    promise = ruled(slo).promise
    for severity in Severity:
        expected = turns(promise.live, severity, promise.budget, TRAFFIC)
        assert expected
        firings = [one for one in found["firings"] if one["severity"] == severity]
        said = [one[side] for one in firings for side in ("from", "to") if one[side]]
        assert len(said) == len(expected)
        assert [is_in_time(at, turn) for at, turn in zip(said, expected, strict=True)] == [True] * len(expected)


def test_what_nobody_could_count_is_taken_for_bad(memory: PrometheusProcess) -> None:
    (found,) = told(memory, given=manifest(STRICT))["slos"]
    assert found["minutes"]["lost"] == LOST // MINUTE
    assert found["events"]["lost"] == pytest.approx(LOST * RATE, rel=0.01)
    assert found["events"]["bad"] == pytest.approx(TRAFFIC.within(0, TRAFFIC.seconds)[1], rel=0.01)
    shown = backtest(memory, "--since", "2d", given=manifest(STRICT)).stdout
    assert "availability: for 20m nobody was up who could count." in shown


def test_an_earlier_promise_stands_beside(memory: PrometheusProcess, tmp_path: Path) -> None:
    old = tmp_path / "old.yaml"
    old.write_text(manifest(STRICT | {"objective": "99"}))
    shown = backtest(memory, "--since", f"{SINCE}h", "--against", str(old), given=manifest(STRICT))
    assert shown.exit_code == 0, shown.output
    assert f"availability, beside {old}: 1 page more, 1 ticket more, the budget left is 9" in shown.stdout
    assert "availability (before)  99% of 30d" in shown.stdout


def test_sloths_file_is_looked_back_on_too(memory: PrometheusProcess) -> None:
    counter = 'http_server_request_duration_seconds_count{http_route="/{slug}"%s}[{{.window}}]'
    sli = {"error_query": counter % ',http_response_status_code="500"', "total_query": counter % ""}
    events = {"events": {query: f"sum(rate({selector}))" for query, selector in sli.items()}}
    given = {"version": "prometheus/v1", "service": "mill", "slos": [{"name": "own", "objective": 99.9, "sli": events}]}
    (found,) = told(memory, "--from", "sloth", given=json.dumps(given))["slos"]
    assert (found["kind"], found["minutes"]["lost"]) == ("Service", 0)
    assert found["events"]["bad"] == pytest.approx(COUNTED.within(0, COUNTED.seconds)[1], rel=0.01)


def test_a_memory_shorter_than_asked_is_said(memory: PrometheusProcess) -> None:
    shown = backtest(memory, "--since", "30d", given=manifest(STRICT))
    assert shown.exit_code == 0
    assert "Of the 30d asked for, Prometheus remembers 3d2h, from " in shown.stderr
    assert "(it keeps 15d). Only that is reckoned with." in shown.stderr


def test_what_no_series_counts_is_named(memory: PrometheusProcess) -> None:
    beside = backtest(memory, "--since", "2h", given=manifest(STRICT, OWN))
    alone = backtest(memory, "--since", "2h", given=manifest(OWN))
    assert [(one.exit_code, 'jobs_total{namespace="default"' in one.stderr) for one in (beside, alone)] == [
        (0, True),
        (1, True),
    ]


def test_a_prometheus_that_hangs_or_is_away_is_one_sentence(memory: PrometheusProcess) -> None:
    memory.hang()
    try:
        hangs = backtest(memory, given=manifest(STRICT))
    finally:
        memory.go_on()
    assert (hangs.exit_code, "did not answer: TimeoutError" in hangs.stderr) == (1, True)
    memory.kill()
    away = backtest(memory, given=manifest(STRICT))
    memory.start()
    assert (away.exit_code, "did not answer: ClientConnectorError" in away.stderr) == (1, True)
    assert all("Is --prometheus its address" in shown.stderr for shown in (hangs, away))


@pytest.mark.parametrize(("bears", "code"), [(2000, 0), (100, 1)])
def test_what_is_too_much_for_prometheus_is_asked_for_in_smaller_portions(
    bears: int, code: int, memory: PrometheusProcess
) -> None:
    whole = told(memory, given=manifest(STRICT))["slos"]
    memory.kill()
    with a_memory(memory.directory, f"--query.max-samples={bears}") as small:
        shown = backtest(small, "--since", f"{SINCE}h", "-o", "json", given=manifest(STRICT))
    memory.start()
    assert shown.exit_code == code, shown.output
    if code:
        assert "too many samples into memory" in shown.stderr
        assert "Not even 3 hours at once can be had of count(" in shown.stderr
        assert "raise its --query.max-samples" in shown.stderr
    else:
        assert json.loads(shown.stdout)["slos"][0]["firings"] == whole[0]["firings"]
