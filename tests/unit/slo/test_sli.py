"""What counts, and who counts."""

import pytest

from toprope.slo.selectors import Unparsable, examples, within
from toprope.slo.sli import Counted, Source, sli_of
from toprope.slo.spec import Availability, Latency, Ratio, Slo

PODS = 'namespace="shop",app="links"'
COUNTED = Counted("shop", PODS, {"redirect": ("/{slug}",), "api": ("/api/v1/*",)})
REDIRECT, ALL = "/[{]slug[}]", "/[{]slug[}]|/api/v1/.*"


def source(slo: Slo, counted: Counted = COUNTED) -> Source:
    return sli_of(slo, counted).sources[0]


def test_an_error_is_bad_and_a_client_that_would_not_wait_is_no_request() -> None:
    found = source(Slo(name="a", objective="99", availability=Availability()))
    where = f'{PODS},http_route=~"{ALL}"'
    counted = "http_server_request_duration_seconds"
    hasty = f'{counted}_bucket{{{where},http_response_status_code="499",le=~"1([.]0)?"}}'
    cut = f'http_server_requests_cut_total{{{PODS},route_class="main"}}'
    assert found.total.added == (f"{counted}_count{{{where}}}", cut)
    assert found.bad.added == (f'{counted}_count{{{where},http_response_status_code=~"5..|499"}}', cut)
    assert found.total.less == found.bad.less == (hasty,)


def test_a_slow_answer_is_bad_and_so_is_a_fast_error() -> None:
    found = source(Slo(name="a", objective="99", latency=Latency(threshold="50ms", route="redirect")))
    where = f'{PODS},http_route=~"{REDIRECT}"'
    counted = "http_server_request_duration_seconds"
    assert found.bad.added == found.total.added == (f"{counted}_count{{{where}}}",)
    assert found.bad.less == (
        f'{counted}_bucket{{{where},http_response_status_code="499",le="0.05"}}',
        f'{counted}_bucket{{{where},http_response_status_code!~"5..|499",le="0.05"}}',
    )


def test_latency_without_a_route_counts_all_published_ones() -> None:
    found = source(Slo(name="a", objective="99", latency=Latency(threshold="2.5ms")))
    assert ALL in found.anchor
    assert 'le="0.0025"' in found.bad.less[0]


def test_the_gateway_comes_first() -> None:
    counted = Counted("shop", PODS, COUNTED.routes, gateway='router=~"shop-links-web-.*"')
    through, pods = sli_of(Slo(name="a", objective="99", availability=Availability()), counted).sources
    assert (through.name, pods.name) == ("Gateway", "Pods")
    assert through.anchor == 'traefik_router_requests_total{router=~"shop-links-web-.*"}'
    assert through.bad.added == ('traefik_router_requests_total{router=~"shop-links-web-.*",code=~"5..|499"}',)


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("jobs_total", 'jobs_total{namespace="shop",}'),
        ("jobs_total{}", 'jobs_total{namespace="shop",}'),
        ('jobs_total{a="b", c=~"d.*"}', 'jobs_total{namespace="shop",a="b",c=~"d.*"}'),
        ('{__name__="jobs_total"}', '{namespace="shop",__name__="jobs_total"}'),
        ('jobs_total{namespace="other"}', 'jobs_total{namespace="shop",namespace="other"}'),
    ],
)
def test_counters_of_ones_own_are_held_in_their_namespace(written: str, held: str) -> None:
    assert within(Ratio(bad=written, total=written), "shop") == Ratio(bad=held, total=held)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("jobs_total{", "is no PromQL"),
        ("sum(jobs_total)", "must be a plain selector"),
        ("jobs_total[5m]", "must be a plain selector"),
        ("jobs_total offset 5m", "may hold neither"),
        ("jobs_total @ 100", "may hold neither"),
        ('jobs_total{a="b" or c="d"}', "may hold neither"),
    ],
)
def test_what_is_no_plain_selector_is_refused_with_its_field(written: str, why: str) -> None:
    with pytest.raises(Unparsable, match=why) as refused:
        within(Ratio(bad="jobs_total", total=written), "shop")
    assert str(refused.value).startswith(f"ratio.total {written!r}")


@pytest.mark.parametrize(
    ("bad", "total", "found"),
    [
        ('x{a="1"}', "x", [("x{}", 1, 0), ('x{a="1"}', 0, 1)]),
        ('x{a="1"}', 'x{a=~"1|2"}', []),
        ("failed_total", "jobs_total", [("jobs_total{}", 1, 1), ("failed_total{}", 0, 1)]),
        ('x{a=~"5..|499"}', 'x{a!~"1..",b!="c"}', [("x{}", 1, 0), ('x{a="5.."}', 0, 1)]),
        ('x{a!=""}', "x", [("x{}", 1, 0), ('x{a="other"}', 0, 1)]),
        ('{__name__="x"}', "y", [("y{}", 1, 1), ("x{}", 0, 1)]),
        ('x{a=~"[0-9]+"}', "y", []),
        ('x{a="1",a="2"}', "y", []),
        ('{a="1"}', "y", []),
        ("x", "x", []),
    ],
)
def test_examples_of_counters_of_ones_own(bad: str, total: str, found: list[tuple[str, int, int]]) -> None:
    assert [(one.name, one.by_good, one.by_bad) for one in examples(Ratio(bad=bad, total=total))] == found
