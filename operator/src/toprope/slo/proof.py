"""Tests for promtool that prove a rule group: when it fires and when it stays silent, computed from the maths.

    Ruled ──► stories: traffic ──► oracle: turns ──► promtool: input series, and what fires just before and just after
                                   budget left ────► what is recorded at the end

Rates over windows up to an hour are allowed two evaluations, windows summed from 5-minute rates five minutes.

While no pod is up and no gateway counts, requests are known from the hour before. Its rate is that at the first
evaluation that finds nobody: a minute of that hour nobody has counted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from toprope.slo.oracle import Phase, Turn, budget_left, error_ratio, turns
from toprope.slo.rules import BURNING, ERRORS, INTERVAL, LEFT, MISSING, Ruled
from toprope.slo.series import Series
from toprope.slo.sli import GATEWAY, Source
from toprope.slo.stories import Scenario
from toprope.slo.windows import MINUTE, Severity, duration

SCRAPE = 15
"""Seconds between two samples."""
NEAR, HAIR = 0.02, 1e-9
"""How far a record may be from the maths, as a share of it and at least: sums of rates lack the last minutes."""
LATE, LATE_BY_SUMS = 2 * INTERVAL, 5 * MINUTE
"""How much later than the maths say an alert may turn."""
BIRTH = 5_000_000
"""What counters stand at in the beginning: `rate()` clamps its extrapolation for small ones."""
DRIFT = 0.001
"""promtool adds steps up in floats: a counter that seemed smaller by a hair would be taken for a restart."""
SOMEBODY = 'up{job="somebody"}'
"""Whom Prometheus scrapes as well: only while it scrapes anybody does the silence of all pods say something."""


@dataclass(frozen=True, slots=True)
class Check:
    """What must be at one moment."""

    at: int
    """Seconds."""
    severity: Severity
    fires: bool
    alert: str = BURNING


@dataclass(frozen=True, slots=True)
class Recorded:
    """What must be recorded at one moment."""

    at: int
    """Seconds."""
    name: str
    labels: Mapping[str, str]
    """Beside those of the SLO."""
    value: float
    tolerance: float


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


def absences(ruled: Ruled, scenario: Scenario) -> list[Check]:
    """Whether it is told that nobody counts, at the end of each phase; none where nobody wants to be told."""
    if Severity.TICKET not in ruled.promise.severities:
        return []
    ends = accumulate(phase.seconds for phase in scenario.traffic.phases)
    told = zip(ends, scenario.traffic.phases, strict=True)
    return [Check(_evaluation(end), Severity.TICKET, not phase.counted, MISSING) for end, phase in told]


def records(ruled: Ruled, scenario: Scenario) -> list[Recorded]:
    """What the budget has come to at the end: the error ratio of the SLO's own window, and what is left."""
    traffic, promise = scenario.traffic, ruled.promise
    end, own = _evaluation(traffic.seconds), {"window": duration(promise.window)}
    errors, left = error_ratio(traffic), budget_left(traffic, promise.window, promise.budget)
    return [
        Recorded(end, ERRORS, own, errors, NEAR * errors + HAIR),
        Recorded(end, LEFT, {}, left, NEAR * (1 - left) + HAIR),
    ]


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
                "promql_expr_test": _expectations(ruled, scenario),
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
    return [
        *told,
        {"series": ruled.sli.alive, "values": _up(scenario, lambda phase: phase.up)},
        {"series": SOMEBODY, "values": _up(scenario, lambda phase: phase.counted)},
    ]


def source(ruled: Ruled, scenario: Scenario) -> Source:
    """Who counts in this story."""
    return ruled.sli.sources[-1 if scenario.by_pods else 0]


def _stretches(scenario: Scenario) -> Iterator[tuple[Phase, int]]:
    """Each phase and its samples: it ends with one, and the very first begins with one, too."""
    for index, phase in enumerate(scenario.traffic.phases):
        yield phase, phase.seconds // SCRAPE + (0 if index else 1)


def _up(scenario: Scenario, holds: Callable[[Phase], bool]) -> str:
    return " ".join(f"1x{count - 1}" if holds(phase) else _vanished(count) for phase, count in _stretches(scenario))


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
        if not phase.counted or (not phase.up and counts.name != GATEWAY):
            stretches.append(_vanished(count))
            continue
        step = phase.per_second * SCRAPE * (series.by_good * (1 - phase.bad) + series.by_bad * phase.bad)
        first = value + step + DRIFT if index else value
        stretches.append(f"{first:.12g}+{step:.12g}x{count - 1}")
        value = first + step * (count - 1)
    return " ".join(stretches)


def _expectations(ruled: Ruled, scenario: Scenario) -> list[dict[str, Any]]:
    alerts = [*checks(ruled, scenario), *absences(ruled, scenario)]
    return [
        *(_expectation(_fires(ruled, one), one.at, holds=one.fires) for one in alerts),
        *(_expectation(_is_near(ruled, one), one.at, holds=True) for one in records(ruled, scenario)),
    ]


def _expectation(expression: str, at: int, *, holds: bool) -> dict[str, Any]:
    return {
        "expr": f"{expression} or vector(0)",
        "eval_time": f"{at}s",
        "exp_samples": [{"labels": "{}", "value": int(holds)}],
    }


def _fires(ruled: Ruled, check: Check) -> str:
    alert = f'alertname="{check.alert}",alertstate="firing",severity="{check.severity}"'
    return f"count(ALERTS{{{alert},{ruled.identity.matchers}}})"


def _is_near(ruled: Ruled, one: Recorded) -> str:
    """1 where the record is there and a number, and as near as it should be."""
    more = "".join(f',{label}="{value}"' for label, value in one.labels.items())
    away = f"{one.name}{{{ruled.identity.matchers}{more}}} - ({one.value:.12g})"
    return f"sum(abs({away}) < bool {one.tolerance:.3g})"
