"""SLOs of Sloth become ours where that can be said exactly; everything else is told."""

from textwrap import dedent, indent

import pytest

from tests.support.foreign import (
    BAD,
    TOTAL,
    a_sloth,
    events,
    only,
    rate,
    told,
)
from toprope.slo.importing import sloth
from toprope.slo.spec import Alerting


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


@pytest.mark.parametrize(
    ("label", "value", "why"),
    [
        ("a-b", "c", "letters, digits and _"),
        ("a" * 65, "c", "64 at most"),
        ("a", "c" * 129, "128 at most"),
        ("slo", "c", "sets slo itself"),
        ("__name__", "c", "without __ before them"),
        ("cluster", "'{{ $labels.cluster }}'", "is a template"),
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
        (events(rate("a{b=~`(?R)`}"), rate("b")), "error_query: is no PromQL: the regular expression"),
        (events(rate('a{w="{{.window}}"}'), rate("b")), "error_query: holds a template in the value of a label"),
        (events(rate('a{w="{{.x}}"}'), rate("b")), "error_query: holds a template in the value of a label"),
        (f"{events(rate('a'), rate('b'))[:-1]}, errorQuery: '{rate('c')}'}}", "errorQuery: stands twice, also in line"),
        (f"events: {{error_query: '{rate('a')}'}}", "total_query: is missing"),
    ],
)
def test_a_query_of_sloth_that_is_no_plain_pair_is_left_out(sli: str, why: str) -> None:
    read = sloth.read(a_sloth(sli))
    assert (read.slos, why in told(read)) == ([], True), told(read)


def test_brackets_around_a_query_change_nothing() -> None:
    read = sloth.read(a_sloth(events(f"(({rate(BAD)}))", f"sum((rate({TOTAL}[{{{{ .window }}}}])))")))
    assert read.slos == sloth.read(a_sloth()).slos


def test_a_switch_in_both_spellings_is_told() -> None:
    read = sloth.read(a_sloth(more="alerting: {page_alert: {disable: true}, pageAlert: {disable: false}}\n"))
    assert (read.slos, "slos[0].alerting.pageAlert: stands twice" in told(read)) == ([], True)


def test_strings_in_backticks_and_all_of_re2_are_carried_over() -> None:
    read = sloth.read(a_sloth(events(rate(r"a{b=~`5\d\d|(?i)x`}"), rate("a"))))
    assert only(read)["ratio"]["bad"] == r'a{b=~"5\\d\\d|(?i)x"}'


def test_a_template_in_a_description_is_told() -> None:
    read = sloth.read(a_sloth(more="description: 'at {{ $value }}'\n"))
    assert (only(read)["description"], "it is carried over as it stands" in told(read)) == ("at {{ $value }}", True)
