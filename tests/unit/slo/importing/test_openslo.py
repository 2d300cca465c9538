"""SLOs of OpenSLO become ours where that can be said exactly; everything else is told, with its place."""

import pytest

from tests.support.foreign import (
    BAD,
    TOTAL,
    an_openslo,
    indicator,
    only,
    prometheus,
    rate,
    told,
)
from toprope.slo.importing import openslo


@pytest.mark.parametrize(
    ("good", "total", "bad"),
    [
        ('a{r="ok"}', "a", 'a{r!="ok"}'),
        ('a{r!="ok"}', "a", 'a{r="ok"}'),
        ('a{r=~"2..",j="x"}', 'a{j="x"}', 'a{j="x",r!~"2.."}'),
        ('a{r!~"5..",j="x"}', 'a{j="x"}', 'a{j="x",r=~"5.."}'),
        (r'a{r="q\"\\d"}', "a", r'a{r!="q\"\\d"}'),
    ],
)
def test_bad_is_the_opposite_of_the_one_matcher_more_of_good(good: str, total: str, bad: str) -> None:
    ratio = indicator(f"counter: true, good: {prometheus(good)}, total: {prometheus(total)}")
    assert only(openslo.read(an_openslo(indicator=ratio)))["ratio"] == {"bad": bad, "total": total}


@pytest.mark.parametrize(
    ("good", "total"),
    [
        ('a{r="ok",s="1"}', "a"),
        ('b{r="ok"}', "a"),
        ('a{r="ok"}', 'a{j="x"}'),
        ("a", "a"),
        ('a_bucket{le="0.3"}', "a_count"),
    ],
)
def test_bad_that_is_no_selector_is_told(good: str, total: str) -> None:
    ratio = indicator(f"counter: true, good: {prometheus(good)}, total: {prometheus(total)}")
    read = openslo.read(an_openslo(indicator=ratio))
    assert (read.slos, "bad events are no selector here" in told(read)) == ([], True)


def test_slos_of_openslo() -> None:
    ratio = {"bad": BAD, "total": TOTAL}
    assert only(openslo.read(an_openslo())) == {
        "name": "grinding",
        "objective": "99.9",
        "window": "28d",
        "ratio": ratio,
    }


def test_several_objectives_are_several_slos() -> None:
    read = openslo.read(an_openslo(objectives="[{target: 0.99}, {targetPercent: 99.95}]"))
    assert [(slo.name, slo.objective) for slo in read.slos] == [("grinding-1", "99"), ("grinding-2", "99.95")]


def test_one_bad_objective_leaves_the_others() -> None:
    read = openslo.read(an_openslo(objectives="[{target: 1}, {target: 0.99}]"))
    assert [slo.name for slo in read.slos] == ["grinding-2"]
    assert "spec.objectives[0].target: 1 must lie between 0 and 1" in told(read)


def test_an_indicator_of_its_own_is_found_in_the_file() -> None:
    spec = indicator(f"bad: {prometheus(rate(BAD, '1m'))}, total: {prometheus(rate(TOTAL, '1m'))}")
    named = an_openslo(indicator="null", indicatorRef="i")
    read = openslo.read(f"{named}---\n{ {'apiVersion': 'openslo/v1', 'kind': 'SLI'} }".replace("}", f", {spec[1:]}"))
    assert only(read)["ratio"] == {"bad": BAD, "total": TOTAL}


def test_objects_that_nobody_uses_are_told() -> None:
    others = "".join(
        f"---\n{{apiVersion: openslo/v1, kind: {kind}, metadata: {{name: x}}, spec: {{}}}}\n"
        for kind in ("SLI", "AlertPolicy", "DataSource", "Thing")
    )
    read = openslo.read(an_openslo() + others)
    for why in ("SLI x is not carried over: no SLO", "AlertPolicy is not", "DataSource is not", "Thing is no kind"):
        assert why in told(read)


LONG = "[{duration: 90d, isRolling: true}]"
PAIR = f"total: {prometheus(rate(TOTAL, '5m'))}"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"timeWindow": "[{duration: 1M, calendar: {}}]"}, "spec.timeWindow[0]: is no rolling window"),
        ({"timeWindow": "[{duration: 30d}]"}, "spec.timeWindow[0]: is no rolling window"),
        ({"timeWindow": "[]"}, "spec.timeWindow: is empty"),
        ({"timeWindow": "[{}, {}]"}, "spec.timeWindow: holds 2 windows"),
        ({"timeWindow": "[{duration: 1M, isRolling: true}]"}, "timeWindow[0].duration: 1M is no window"),
        ({"timeWindow": "[{duration: 36h, isRolling: true}]"}, "timeWindow[0].duration: 36h is no window"),
        ({"timeWindow": "[{duration: 91d, isRolling: true}]"}, "timeWindow[0].duration: 91d is no window"),
        ({"budgetingMethod": "Timeslices"}, "spec.budgetingMethod: Toprope weighs by events"),
        ({"indicator": "{spec: {thresholdMetric: {}}}"}, "thresholdMetric: is no ratio of counters"),
        ({"indicator": indicator("raw: {}")}, "ratioMetric.raw: is a ratio that somebody else has divided"),
        ({"indicator": indicator(PAIR)}, "ratioMetric.good: is missing"),
        (
            {"indicator": indicator(f"bad: {prometheus(rate(BAD, '1m'))}, {PAIR}")},
            "bad: is a rate 60, total a rate 300",
        ),
        ({"indicator": indicator(f"bad: {prometheus(BAD)}, {PAIR}")}, "query: is more than the rate"),
        ({"indicator": indicator(f"bad: {{metricSource: {{type: datadog}}}}, {PAIR}")}, "datadog is no Prometheus"),
        ({"indicator": "null", "indicatorRef": "far"}, "spec.indicatorRef: names SLI far, which is not in this file"),
        ({"objectives": "[{target: 0.9, indicatorRef: i}]"}, "is one part of a composite SLO"),
        ({"timeWindow": LONG, "objectives": "[{target: 0.5}]"}, "alerts of SLO grinding could ever fire"),
        ({"objectives": "[{target: many}]"}, "'many' is no number"),
        ({"objectives": "[{target: .nan}]"}, "is no number"),
        ({"objectives": "[{target: 1e-99}]"}, "more digits than an objective"),
        ({"objectives": "[{}]"}, "targetPercent: is missing"),
        ({"objectives": "[{target: 0.999, targetPercent: 95}]"}, "targetPercent: is another than target"),
        ({"indicatorRef": "i"}, "spec.indicatorRef: stands beside indicator"),
        (
            {"indicator": "{spec: {thresholdMetric: {}, ratioMetric: {}}}"},
            "thresholdMetric: stands beside ratioMetric",
        ),
        ({"objectives": "5"}, "spec.objectives: is no list"),
    ],
)
def test_what_openslo_says_and_we_cannot_is_left_out_with_its_place(changed: dict[str, str], why: str) -> None:
    read = openslo.read(an_openslo(**changed))
    assert (read.slos, why in told(read)) == ([], True), told(read)


def test_what_stands_beside_the_promise_is_told_and_the_slo_goes_on() -> None:
    read = openslo.read(an_openslo(alertPolicies="[x]", objectives="[{target: 0.99, op: lte, timeSliceTarget: 0.9}]"))
    assert len(read.slos) == 1
    for field in ("spec.alertPolicies", "spec.objectives[0].op", "spec.objectives[0].timeSliceTarget", "spec.service"):
        assert f"{field}: is not carried over" in told(read)


def test_of_two_indicators_of_one_name_none_is_taken() -> None:
    spec = indicator(f"bad: {prometheus(rate(BAD, '1m'))}, total: {prometheus(rate(TOTAL, '1m'))}")
    one = f"---\n{ {'apiVersion': 'openslo/v1', 'kind': 'SLI'} }".replace("}", f", {spec[1:]}\n")
    read = openslo.read(an_openslo(indicator="null", indicatorRef="i") + one + one)
    assert (read.slos, "spec.indicatorRef: names SLI i, which stands in lines" in told(read)) == ([], True)


def test_a_target_said_twice_alike_is_one() -> None:
    assert only(openslo.read(an_openslo(objectives="[{target: 0.999, targetPercent: 99.90}]")))["objective"] == "99.9"
