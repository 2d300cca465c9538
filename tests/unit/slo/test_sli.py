"""What counts, and who counts."""

from dataclasses import replace
from typing import Any

from toprope.slo.sli import Counted, Source, sli_of
from toprope.slo.spec import Availability, Latency, Slo

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


def meaning(counted: Counted = COUNTED, **spec: Any) -> str:
    return sli_of(Slo.model_validate({"name": "a", "objective": "99", **spec}), counted).meaning


FAST = {"latency": {"threshold": "1s"}}
JOBS = {"ratio": {"bad": "jobs_total", "total": "jobs_total"}}


def test_what_is_counted_is_called_the_same_whoever_counts_and_whatever_is_promised() -> None:
    assert meaning(availability={}) == meaning(replace(COUNTED, gateway='router=~"links.*"'), availability={})
    assert meaning(availability={}, window="7d") == meaning(availability={}, description="Other words.")


def test_whatever_counts_otherwise_is_called_otherwise() -> None:
    others: list[dict[str, Any]] = [
        {"availability": {}},
        FAST,
        {"latency": {"threshold": "250ms"}},
        {"latency": {"threshold": "1s", "route": "redirect"}},
        JOBS,
        {"ratio": {"bad": 'jobs_total{result="failed"}', "total": "jobs_total"}},
        {"ratio": {"bad": "jobs_total", "total": "jobs_ended_total"}},
    ]
    assert len({meaning(**spec) for spec in others}) == len(others)
