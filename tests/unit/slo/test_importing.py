"""SLOs of other tools become ours where that can be said exactly; everything else is told, with its line."""

from ast import literal_eval
from textwrap import dedent, indent
from typing import Any

import pytest

from toprope.slo.importing import openslo, sloth
from toprope.slo.importing.carried import Carried, judged
from toprope.slo.importing.places import LeftOut
from toprope.slo.spec import Alerting, Slo

GOOD, TOTAL = 'done_total{job="mill",result="ok"}', 'done_total{job="mill"}'
BAD = 'done_total{job="mill",result!="ok"}'


def a_sloth(sli: str = "", more: str = "", objective: str = "99.9") -> str:
    events = f"events: {{error_query: '{rate(BAD)}', total_query: '{rate(TOTAL)}'}}"
    head = "version: prometheus/v1\nservice: mill\nslos:\n- name: grinding\n"
    return head + f"  objective: {objective}\n  sli: {{{sli or events}}}\n" + indent(dedent(more), "  ")


def events(error: str, total: str) -> str:
    return f"events: {{error_query: '{error}', total_query: '{total}'}}"


def rate(selector: str, window: str = "{{.window}}") -> str:
    return f"sum(rate({selector}[{window}]))"


def an_openslo(**changed: str) -> str:
    said = {
        "indicator": indicator(f"good: {prometheus(rate(GOOD, '5m'))}, total: {prometheus(rate(TOTAL, '5m'))}"),
        "timeWindow": "[{duration: 4w, isRolling: true}]",
        "budgetingMethod": "Occurrences",
        "objectives": "[{target: 0.999}]",
    } | changed
    spec = "\n".join(f"  {name}: {value}" for name, value in said.items())
    return f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: grinding}}\nspec:\n  service: mill\n{spec}\n"


def indicator(ratio: str) -> str:
    return f"{{metadata: {{name: i}}, spec: {{ratioMetric: {{{ratio}}}}}}}"


def prometheus(query: str) -> str:
    return f"{{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}"


def told(carried: Carried) -> str:
    return "\n".join(map(str, carried.notes))


def only(carried: Carried) -> dict[str, Any]:
    (slo,) = carried.slos
    return slo.model_dump(by_alias=True, exclude_unset=True)


def test_slos_of_sloth() -> None:
    ratio = {"bad": 'done_total{job="mill",result!="ok"}', "total": 'done_total{job="mill"}'}
    assert only(sloth.read(a_sloth())) == {"name": "grinding", "objective": "99.9", "window": "30d", "ratio": ratio}


def test_sloths_resource_says_the_same_in_camel_case() -> None:
    text = dedent(a_sloth()).removeprefix("version: prometheus/v1\n")
    text = text.replace("error_query", "errorQuery").replace("total_query", "totalQuery")
    head = "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nmetadata: {name: mill, namespace: a}\nspec:\n"
    read = sloth.read(head + indent(text, "  "))
    assert read.slos == sloth.read(a_sloth()).slos
    assert "line 3, metadata: is not carried over" in told(read)


def test_alerts_of_sloth() -> None:
    more = """
        alerting:
          name: MillFails
          labels: {team: millers, severity: high}
          annotations: {runbook: "https://example.org/mill", summary: fails}
          page_alert: {disable: true}
          ticket_alert: {labels: {queue: slow}}
    """
    read = sloth.read(a_sloth(more=more))
    (slo,) = read.slos
    assert slo.alerting == Alerting(page=False, ticket=True, labels={"team": "millers"})
    assert slo.runbook_url == "https://example.org/mill"
    for field in ("name", "labels.severity", "annotations.summary", "ticket_alert.labels"):
        assert f"alerting.{field}: is not carried over" in told(read)


def test_labels_that_are_refused_are_those_of_the_crd() -> None:
    rules = Alerting.model_json_schema()["properties"]["labels"]["x-kubernetes-validations"]
    (listed,) = [one["rule"].partition("l in ")[2].rstrip(")") for one in rules if "l in " in one["rule"]]
    assert set(literal_eval(listed)) == sloth.RESERVED


@pytest.mark.parametrize(
    ("label", "value", "why"),
    [
        ("a-b", "c", "letters, digits and _"),
        ("a" * 65, "c", "64 at most"),
        ("a", "c" * 129, "128 at most"),
        ("slo", "c", "sets slo itself"),
    ],
)
def test_a_label_that_alerts_cannot_carry_is_told(label: str, value: str, why: str) -> None:
    read = sloth.read(a_sloth(more=f"labels: {{{label}: {value}}}\n"))
    assert ("alerting" in only(read), why in told(read)) == (False, True)


def test_the_ninth_label_is_told() -> None:
    read = sloth.read(a_sloth(more=f"labels: {{{', '.join(f'l{number}: x' for number in range(9))}}}\n"))
    assert (len(only(read)["alerting"]["labels"]), "labels.l8: is not carried over" in told(read)) == (8, True)


@pytest.mark.parametrize(
    ("sli", "why"),
    [
        ("raw: {error_ratio_query: x}", "slos[0].sli: raw is no pair of counters"),
        (events("sum(rate(a[5m]))", rate("b")), "error_query: has no {{.window}}"),
        (events('sum(rate(a{b="{{.window}}"}[5m]))', rate("b")), "error_query: does not look over {{.window}}"),
        (events(rate("a"), rate("b").replace("rate", "increase")), "one query is a rate and the other an increase"),
        (events(f"{rate('a')} * 2", rate("b")), "error_query: is more than the rate"),
        (events(rate("a").replace("sum", "sum by (x)"), rate("b")), "error_query: is more than the rate"),
        (events(rate("a").replace("sum", "max"), rate("b")), "error_query: is more than the rate"),
        (events(rate("a").replace("rate", "irate"), rate("b")), "error_query: is more than the rate"),
        (events("sum(rate(a[{{.window}}] offset 1h))", rate("b")), "error_query: holds `offset`"),
        (events("sum(rate(a[{{.window}}]", rate("b")), "error_query: is no PromQL"),
        (f"events: {{error_query: '{rate('a')}'}}", "total_query: is missing"),
    ],
)
def test_a_query_of_sloth_that_is_no_plain_pair_is_left_out(sli: str, why: str) -> None:
    read = sloth.read(a_sloth(sli))
    assert (read.slos, why in told(read)) == ([], True), told(read)


def test_brackets_around_a_query_change_nothing() -> None:
    read = sloth.read(a_sloth(events(f"(({rate(BAD)}))", f"sum((rate({TOTAL}[{{{{ .window }}}}])))")))
    assert read.slos == sloth.read(a_sloth()).slos


def test_what_our_spec_refuses_is_left_out() -> None:
    read = sloth.read(a_sloth(events(rate("a"), rate(f'a{{b="{"c" * 1024}"}}'))))
    assert (read.slos, "slos[0]: would be no SLO of Toprope: ratio.total" in told(read)) == ([], True)


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


@pytest.mark.parametrize(
    ("name", "ours"),
    [("Grinding Fast", "grinding-fast"), ("a--b", "a--b"), ("x" * 41, f"{'x' * 33}-t4rwfj"), ("_é_", "")],
)
def test_names_become_ours(name: str, ours: str) -> None:
    read = sloth.read(a_sloth().replace("grinding", name))
    assert [slo.name for slo in read.slos] == ([ours] if ours else [])
    assert ("slos[0].name:" in told(read)) == (name != ours)


def test_of_two_equal_names_the_second_is_told() -> None:
    text = a_sloth()
    read = sloth.read(text + text[text.index("- name") :])
    assert (len(read.slos), "slos[1]: would be the second SLO called grinding" in told(read)) == (1, True)


def test_the_seventeenth_slo_is_carried_and_told() -> None:
    text = a_sloth()
    one = text[text.index("- name") :]
    read = sloth.read(text + "".join(one.replace("grinding", f"g{number}") for number in range(16)))
    assert (len(read.slos), "is one more than the 16 SLOs" in told(read)) == (17, True)


def test_a_description_that_is_too_long_is_told() -> None:
    read = sloth.read(a_sloth(more=f"description: {'x' * 1025}\n"))
    assert ("description" in only(read), "longer than 1024" in told(read)) == (False, True)


def test_a_selector_that_names_a_namespace_says_where_the_resource_must_be() -> None:
    read = sloth.read(a_sloth(events(rate('a{namespace="b",c="d"}'), rate('a{namespace="b"}'))))
    assert "names namespace b: the resource must be in it" in told(read)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# a\n---\n", "line 1: holds nothing"),
        ("a: [", "line 1: is no YAML"),
        ("a: 1\nb: {\n", "line 3: is no YAML"),
        ("a: \x00", "line 1: is no text that YAML allows"),
        ("[" * 1500, "line 1: is nested too deep"),
    ],
)
@pytest.mark.parametrize("read", [openslo.read, sloth.read])
def test_a_broken_file_says_where(read: Any, text: str, why: str) -> None:
    with pytest.raises(LeftOut, match=why):
        read(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("5", "line 1: holds no fields"),
        ("\nslos: []\nslos: []", "line 2, slos: stands twice, again in line 3"),
        ("version: [1]", "line 1, version: must be a single value"),
        ("version: prometheus/v1\nslos: [{}]", "line 2, slos[0].name: is missing"),
        (an_openslo(), "line 1: is not Sloth's: expected `version: prometheus/v1`"),
    ],
)
def test_a_document_of_another_shape_says_what_is_expected(text: str, why: str) -> None:
    assert why in told(sloth.read(text))


def test_sloths_file_is_no_openslo() -> None:
    assert "line 1: is not OpenSLO v1" in told(openslo.read(a_sloth()))


def test_imported_slos_have_rules() -> None:
    (promise,) = judged(sloth.read(a_sloth()).slos, "shop", "mill", "https://example.org")
    assert promise.ruled is not None
    assert promise.ruled.identity.labels == {"namespace": "shop", "kind": "Service", "name": "mill", "slo": "grinding"}
    assert Slo.model_validate(only(sloth.read(a_sloth()))) == promise.slo


def test_an_slo_whose_bad_events_are_all_but_the_good_ones_can_be_proved() -> None:
    (promise,) = judged(openslo.read(an_openslo()).slos, "shop", "mill", "https://example.org")
    assert promise.ruled is not None
    good, bad = promise.ruled.sli.sources[0].examples
    assert (good.name, good.by_good, good.by_bad) == ('done_total{namespace="shop",job="mill",result="ok"}', 1, 0)
    assert (bad.name, bad.by_good, bad.by_bad) == ('done_total{namespace="shop",job="mill"}', 0, 1)
