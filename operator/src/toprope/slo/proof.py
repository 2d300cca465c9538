"""Tests for promtool that prove a rule group: when it fires and when it stays silent, computed from the maths.

    Ruled ──► scenarios: traffic ──► oracle: turns ──► promtool: input series, and what fires just before and just after

Rates over windows up to an hour are allowed two evaluations, windows summed from 5-minute rates five minutes.

While no pod is up and no gateway counts, requests are known from the hour before. Its rate is that at the first
evaluation that finds nobody: a minute of that hour nobody has counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from toprope.slo.oracle import Phase, Traffic, Turn, turns
from toprope.slo.rules import BURNING, INTERVAL, Ruled
from toprope.slo.series import Series
from toprope.slo.sli import GATEWAY, Source
from toprope.slo.windows import HOUR, MINUTE, Severity

SCRAPE = 15
"""Seconds between two samples."""
LATE, LATE_BY_SUMS = 2 * INTERVAL, 5 * MINUTE
"""How much later than the maths say an alert may turn."""
BIRTH = 5_000_000
"""What counters stand at in the beginning: `rate()` clamps its extrapolation for small ones."""
DRIFT = 0.001
"""promtool adds steps up in floats: a counter that seemed smaller by a hair would be taken for a restart."""
SOMEBODY = 'up{job="somebody"}'
"""Whom Prometheus scrapes as well: only while it scrapes anybody does the silence of all pods say something."""
BUSY = 20.0
"""Requests a second."""
EDGE = 0.01
"""How near to a threshold an error ratio says nothing, as a share of it."""
PAST = 8 * HOUR
"""How long a service was well before, in most stories: the maths take any past, and promtool's time grows with it."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story of traffic."""

    name: str
    traffic: Traffic
    late_born: bool = False
    """Whether the counters that only bad requests move are born with the first of them."""
    by_pods: bool = False
    """Whether pods count where a gateway could: it has no counters."""


def scenarios(ruled: Ruled) -> list[Scenario]:
    """The stories that every SLO is proved with."""
    longest = max((tier.long for tier in ruled.promise.live), default=HOUR)
    return [
        Scenario("clean-past", _errors(longest + HOUR, BUSY, _apart(ruled, 0.1))),
        Scenario("outage", _errors(PAST, BUSY, 1.0)),
        Scenario("ten-percent", _errors(PAST, BUSY, _apart(ruled, 0.1))),
        Scenario("two-percent", _errors(PAST, BUSY, _apart(ruled, 0.02))),
        Scenario("slow-burn", _errors(PAST, BUSY, _apart(ruled, 0.008))),
        Scenario("healthy", _errors(PAST, BUSY, float(ruled.promise.budget) * 0.9)),
        Scenario("late-born-errors", _errors(PAST, BUSY, _apart(ruled, 0.1)), late_born=True),
        Scenario("gap-without-traffic", Traffic([*_gap(), *_errors(0, BUSY, _apart(ruled, 0.1)).phases])),
        Scenario("low-traffic", _errors(PAST, 1 / (5 * MINUTE), 1.0)),
        *_of_pods(ruled),
    ]


def _apart(ruled: Ruled, bad: float) -> float:
    """That share of bad requests, or a little less where it is the very threshold of a tier, and nothing could tell on
    which side of it a sum of floats comes to lie."""
    thresholds = [float(tier.threshold(ruled.promise.budget)) for tier in ruled.promise.live]
    while any(abs(bad / threshold - 1) < EDGE for threshold in thresholds):
        bad *= 1 - 2 * EDGE
    return bad


def _of_pods(ruled: Ruled) -> list[Scenario]:
    """What happens when they go, and what they count where a gateway could."""
    if not ruled.sli.alive:
        return []
    of_last_hour = BUSY * (HOUR - INTERVAL) / HOUR
    found = [Scenario("nobody-left", _gone(of_last_hour), by_pods=True)]
    if len(ruled.sli.sources) > 1:
        found.append(Scenario("nobody-behind-the-gateway", _gone(BUSY)))
        found.append(Scenario("pods-alone", _errors(PAST, BUSY, _apart(ruled, 0.1)), by_pods=True))
    return found


def _gone(per_second: float) -> Traffic:
    """No pod for half a day, in which so many requests a second are bad."""
    return Traffic([Phase(PAST, BUSY, 0), Phase(12 * HOUR, per_second, 1, up=False), Phase(8 * HOUR, BUSY, 0)])


def _errors(past: int, per_second: float, bad: float) -> Traffic:
    """Clean, then bad for half a day, then clean until all is forgotten but what takes days."""
    clean = [Phase(past, per_second, 0)] if past else []
    return Traffic([*clean, Phase(12 * HOUR, per_second, bad), Phase(8 * HOUR, per_second, 0)])


def _gap() -> list[Phase]:
    return [Phase(PAST - HOUR, BUSY, 0), Phase(20 * MINUTE, 0, 0), Phase(40 * MINUTE, BUSY, 0)]


@dataclass(frozen=True, slots=True)
class Check:
    """What must be at one moment."""

    at: int
    """Seconds."""
    severity: Severity
    fires: bool


def checks(ruled: Ruled, scenario: Scenario) -> list[Check]:
    """Just before and just after each turn, and at the end."""
    return [check for severity in _severities(ruled) for check in _of_severity(ruled, severity, scenario)]


def _severities(ruled: Ruled) -> list[Severity]:
    return list(dict.fromkeys(tier.severity for tier in ruled.promise.live))


def _of_severity(ruled: Ruled, severity: Severity, scenario: Scenario) -> Iterator[Check]:
    found = turns(ruled.promise.live, severity, ruled.promise.budget, scenario.traffic)
    moments = [0, *(turn.at for turn in found)]
    for index, turn in enumerate(found):
        before, after = turn.at - INTERVAL, turn.at + _late(turn)
        if before > moments[index] + LATE_BY_SUMS:
            yield Check(_evaluation(before), severity, not turn.fires)
        if index + 1 == len(found) or after < found[index + 1].at - INTERVAL:
            yield Check(_evaluation(after), severity, turn.fires)
    last = found[-1].fires if found else False
    if scenario.traffic.seconds > moments[-1] + 2 * LATE_BY_SUMS:
        yield Check(_evaluation(scenario.traffic.seconds), severity, last)


def _late(turn: Turn) -> int:
    return LATE_BY_SUMS if turn.by_sums else LATE


def _evaluation(at: int) -> int:
    """The last evaluation that is not after that moment."""
    return at - at % INTERVAL


def promtool_test(ruled: Ruled, scenario: Scenario, rules_file: str) -> dict[str, Any]:
    """A test file of promtool for one scenario; `rules_file` holds the group. ValueError without example counters."""
    return {
        "rule_files": [rules_file],
        "evaluation_interval": f"{INTERVAL}s",
        "tests": [
            {
                "name": scenario.name,
                "interval": f"{SCRAPE}s",
                "input_series": input_series(ruled, scenario),
                "promql_expr_test": [_expectation(ruled, check) for check in checks(ruled, scenario)],
            }
        ],
    }


def input_series(ruled: Ruled, scenario: Scenario) -> list[dict[str, str]]:
    """The counters of the source that counts, and who is up, in promtool's notation."""
    counts = source(ruled, scenario)
    if not counts.examples:
        raise ValueError("no counters were found that its selectors tell apart: name the metrics of bad and total")
    told = [{"series": one.name, "values": _values(one, scenario, counts)} for one in counts.examples]
    if not ruled.sli.alive:
        return told
    whole = f"1x{scenario.traffic.seconds // SCRAPE}"
    return [*told, {"series": ruled.sli.alive, "values": _up(scenario)}, {"series": SOMEBODY, "values": whole}]


def source(ruled: Ruled, scenario: Scenario) -> Source:
    """Who counts in this story."""
    return ruled.sli.sources[-1 if scenario.by_pods else 0]


def _stretches(scenario: Scenario) -> Iterator[tuple[Phase, int]]:
    """Each phase and its samples: it ends with one, and the very first begins with one, too."""
    for index, phase in enumerate(scenario.traffic.phases):
        yield phase, phase.seconds // SCRAPE + (0 if index else 1)


def _up(scenario: Scenario) -> str:
    return " ".join(f"1x{count - 1}" if phase.up else _vanished(count) for phase, count in _stretches(scenario))


def _vanished(count: int) -> str:
    return f"stale _x{count - 1}"


def _values(series: Series, scenario: Scenario, counts: Source) -> str:
    unborn = scenario.late_born and not series.by_good
    value, stretches = float(0 if unborn else BIRTH), []
    for index, (phase, count) in enumerate(_stretches(scenario)):
        unborn = unborn and not phase.bad
        if unborn:
            stretches.append(f"_x{count}")
            continue
        if not phase.up and counts.name != GATEWAY:
            stretches.append(_vanished(count))
            continue
        step = phase.per_second * SCRAPE * (series.by_good * (1 - phase.bad) + series.by_bad * phase.bad)
        first = value + step + DRIFT if index else value
        stretches.append(f"{first:.12g}+{step:.12g}x{count - 1}")
        value = first + step * (count - 1)
    return " ".join(stretches)


def _expectation(ruled: Ruled, check: Check) -> dict[str, Any]:
    selector = (
        f'ALERTS{{alertname="{BURNING}",alertstate="firing",severity="{check.severity}",{ruled.identity.matchers}}}'
    )
    return {
        "expr": f"count({selector}) or vector(0)",
        "eval_time": f"{check.at}s",
        "exp_samples": [{"labels": "{}", "value": int(check.fires)}],
    }
