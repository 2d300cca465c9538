"""What the evaluator does where promtool cannot be asked: Prometheus 3, a hole between evaluations, what it refuses."""

from typing import Any

import numpy as np
import pytest

from tests.support.promql.groups import Outcome, evaluated
from tests.support.promql.series import QueryFailed, Release, Series, Unsupported, every, scraped


def minutes(values: list[float], **labels: str) -> Series:
    return scraped("x", labels, [60.0 * number for number in range(len(values))], values)


def outcome(*rules: dict[str, Any], series: list[Series], release: Release = Release.V2, until: float = 600) -> Outcome:
    return evaluated({"rules": list(rules)}, series, every(60, until), release)


def values(done: Outcome, name: str) -> list[float | None]:
    row = done.record(name)
    return [value if there else None for value, there in zip(row.values.tolist(), row.there.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("sentence", "expr", "closed", "left_open"),
    [
        ("a range holds the sample at its left end or not", "count_over_time(x[2m])", [1, 2, 3, 3], [1, 2, 2, 2]),
        ("so a window as long as the interval is dead", "rate(x[1m])", [None, 0.1, 0.1, 0.1], [None] * 4),
    ],
)
def test_releases(sentence: str, expr: str, closed: list[float | None], left_open: list[float | None]) -> None:
    rule = {"record": "r", "expr": expr}
    for release, expected in ((Release.V2, closed), (Release.V3, left_open)):
        done = outcome(rule, series=[minutes([100, 106, 112, 118])], release=release, until=180)
        assert values(done, "r") == pytest.approx(expected)


def test_a_sample_is_seen_for_five_minutes_and_by_prometheus_3_for_less() -> None:
    rule = {"record": "r", "expr": "x"}
    assert outcome(rule, series=[minutes([1])]).record("r").there.sum() == 6
    assert outcome(rule, series=[minutes([1])], release=Release.V3).record("r").there.sum() == 5


def test_only_prometheus_2_looks_for_the_zero_of_a_counter_before_its_threshold() -> None:
    # Samples at 240, 300, 360 s; 60 s apart, so 66 s is near. The counter's zero lies 45 s before the first.
    born = scraped("x", {}, [240, 300, 360], [6, 10, 14])
    rule = {"record": "r", "expr": "rate(x[6m])"}
    first, second = (outcome(rule, series=[born], release=release, until=360) for release in Release)
    assert values(first, "r")[-1] == pytest.approx(8 * (120 + 60 / 2) / 120 / 360)
    assert values(second, "r")[-1] == pytest.approx(8 * (120 + 60 / 2) / 120 / 360)
    near = scraped("x", {}, [240, 300, 360], [3, 7, 11])
    first, second = (outcome(rule, series=[near], release=release, until=360) for release in Release)
    assert values(first, "r")[-1] == pytest.approx(8 * (120 + 45) / 120 / 360)
    assert values(second, "r")[-1] == pytest.approx(8 * (120 + 30) / 120 / 360)


def test_a_rule_counts_up_from_its_own_past() -> None:
    rule = {"record": "r", "expr": "(r + 1) or vector(0)"}
    assert values(outcome(rule, series=[]), "r") == list(range(11))


def test_after_a_hole_a_rule_sees_its_past_only_as_far_as_the_lookback() -> None:
    rule = {"record": "r", "expr": "(r + 1) or vector(0)"}
    at = np.concatenate([every(60, 120), every(60, 1000, first=420), every(60, 2000, first=1500)])
    row = evaluated({"rules": [rule]}, [], at).record("r")
    assert row.values.tolist()[:5] == [0, 1, 2, 3, 4]
    assert row.values[at == 1_500_000].tolist() == [0]


def test_an_alert_waits_from_anew_when_it_was_interrupted() -> None:
    rule = {"alert": "A", "expr": "x > 0", "for": "2m"}
    done = outcome(rule, series=[minutes([1, 1, 0, 1, 1, 1, 1])], until=360)
    assert done.firing("A").tolist() == [False, False, False, False, False, True, True]


def test_what_is_zero_stays_zero_after_large_numbers() -> None:
    rule = {"record": "r", "expr": "sum_over_time(x[2m]) > 0"}
    done = outcome(rule, series=[minutes([0.1, 1e15, 0.3, 0, 0, 0])], until=300)
    assert values(done, "r")[-1] is None


@pytest.mark.parametrize(
    "expr",
    [
        "rate(x[5m:1m])", "x @ 0", '{__name__="x"}', 'x{a="1" or b="2"}', "ALERTS", "-x", "topk(1, x)",
        "min(x)", "x > bool 1", "x * on(a) x", "x * ignoring(a) x", "x * on(a) group_left x", "x ^ 2", "x % 2",
        "irate(x[5m])", "absent_over_time(x[5m])", "later",
    ],
)  # fmt: skip
def test_what_it_does_not_know_it_refuses(expr: str) -> None:
    rules = {"record": "r", "expr": expr}, {"record": "later", "expr": "x"}
    with pytest.raises(Unsupported):
        outcome(*rules, series=[minutes([1], a="1")])


@pytest.mark.parametrize(
    ("sentence", "expr"),
    [
        ("the rule's label makes two series one", "x"),
        ("so does an operation that drops their names", "(x or on(__name__) y) * 2"),
        ("two partners on the right", "y > (x or on(__name__) y)"),
        ("two partners on the left", "(x or on(__name__) y) > y"),
    ],
)
def test_two_series_of_the_same_labels_are_refused(sentence: str, expr: str) -> None:
    rule = {"record": "r", "expr": expr, "labels": {"b": "same"}}
    other = scraped("y", {"b": "1"}, [0, 60], [1, 2])
    with pytest.raises(QueryFailed):
        outcome(rule, series=[minutes([1, 2], b="1"), minutes([1, 2], b="2"), other])
