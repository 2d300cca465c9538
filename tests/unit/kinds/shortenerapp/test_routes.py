"""A route that an earlier operator called otherwise is handed over, and no request is lost meanwhile."""

from dataclasses import replace

import pytest

from tests.support.shorteners import ROUTE, WITH_TRAFFIC, Paper, Spoiling, a_shortener, changed, condition, with_spec
from toprope.cli.paper import merged
from toprope.core.objects import HTTP_ROUTE, Ref

EARLIER = "links-web"
"""The route's name in 0.1.0: that of the Service."""
SILENT = changed("HTTPRoute", ROUTE, {"status": {"parents": []}})


def routes(paper: Paper) -> set[str]:
    return {name for kind, name in paper.seen().children if kind == "HTTPRoute"}


def of_an_earlier_operator() -> Paper:
    paper = Paper(a_shortener(WITH_TRAFFIC)).settle()
    route = paper.cluster.objects.pop(Ref(HTTP_ROUTE, "default", ROUTE))
    paper.cluster.objects[Ref(HTTP_ROUTE, "default", EARLIER)] = merged(route, {"metadata": {"name": EARLIER}})
    return paper


def test_it_stays_until_the_gateway_lives_by_the_new_one() -> None:
    paper = of_an_earlier_operator()
    asked: list[Spoiling] = [lambda seen: seen, SILENT, SILENT]
    for spoil in asked:
        decision = paper.pass_once(spoil)
        assert condition(decision, "Ready")[0] == condition(decision, "RouteAccepted")[0] == "True"
        assert routes(paper) == {EARLIER, ROUTE}
    decision = paper.pass_once()
    assert condition(decision, "RouteAccepted")[0] == "True"
    assert routes(paper) == {ROUTE}


def test_a_release_moves_only_when_the_new_one_carries_it() -> None:
    paper = of_an_earlier_operator()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    paper.pass_once()
    for _ in range(8):
        paper.pass_once(SILENT)
    assert EARLIER in routes(paper)
    paper.settle()
    assert routes(paper) == {ROUTE}
    assert paper.resource.status.revision.retiring is None


@pytest.mark.parametrize("silent", [True, False])
def test_it_goes_with_the_traffic(silent: bool) -> None:
    paper = of_an_earlier_operator()
    paper.pass_once()
    paper.resource = replace(paper.resource, spec=a_shortener().spec)
    paper.pass_once(SILENT if silent else lambda seen: seen)
    assert routes(paper) == set()
