"""What a ShortenerApp's status says of its SLOs, all together."""

import re
from dataclasses import replace

import pytest

from tests.support.measured import AVAILABILITY, numbers
from tests.support.shorteners import WITH_TRAFFIC, Paper, Spoiling, a_shortener, all_of, secret_changed
from toprope.core.measured import Measured
from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.counted import counted
from toprope.serving.data import DATA_PRESENT
from toprope.serving.slos import watching
from toprope.slo.promise import Promise
from toprope.slo.windows import DAY

SLOS = [
    {"name": "availability", "objective": "99.9", "availability": {}},
    {"name": "fast", "objective": "99", "latency": {"threshold": "50ms", "route": "redirect"}},
]
FAST = Promise("fast", "99", 30 * DAY)


def measuring(paper: Paper) -> Spoiling:
    """Prometheus has seen 0.03 % fail, and 0.4 % come too late."""
    recorded = {
        "availability": numbers(AVAILABILITY, {"30d": 0.0003}, at=paper.now),
        "fast": numbers(FAST, {"30d": 0.004}, at=paper.now),
    }
    return lambda seen: replace(seen, measured=Measured(recorded))


def test_the_budget_in_the_line_is_that_of_the_slo_that_stands_worst() -> None:
    paper = Paper(a_shortener({"slos": SLOS}))
    status = paper.pass_once(measuring(paper)).status
    assert [one["budgetRemaining"] for one in status["slos"]] == ["0.7", "0.6"]
    assert status["budget"] == "0.6"


def test_it_is_said_also_where_data_are_missing_and_nothing_is_touched() -> None:
    paper = Paper(a_shortener({"slos": SLOS})).settle()
    decision = paper.pass_once(all_of(measuring(paper), secret_changed("links-credentials", None)))
    assert {one.type: one.status for one in decision.conditions}[DATA_PRESENT] == "False"
    assert decision.status["budget"] == "0.6"


def test_what_slos_are_watched_with_is_made_once_and_anew_when_they_say_something_else() -> None:
    first, same = (watching(a_shortener({"slos": SLOS})) for _ in range(2))
    stricter = watching(a_shortener({"slos": [SLOS[0], {**SLOS[1], "objective": "99.5"}]}))
    assert first is same
    assert (stricter.board != first.board, stricter.rule_sets[1].group != first.rule_sets[1].group) == (True, True)


def through(namespace: str, name: str) -> Resource:
    """Behind the one gateway that all share."""
    resource = a_shortener(WITH_TRAFFIC, name)
    return replace(resource, ref=replace(resource.ref, namespace=namespace))


def router(resource: Resource) -> str:
    """As Traefik 3.7 calls it."""
    named = f"{resource.namespace}-{places.route_name(resource)}-gw-infra-public-ep-websecure-0"
    return f"httproute-{re.sub('-+', '-', named)}-0123456789abcdef0123@kubernetesgateway"


def matcher(resource: Resource) -> str:
    """The regular expression of its routers."""
    return (counted(resource).gateway or "").removeprefix('router=~"').removesuffix('"')


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a-b", "c"), ("a", "b-c")),
        (("a", "c"), ("a", "c-web")),
        (("a--b", "c"), ("a-b", "c")),
        (("a", "c"), ("b", "c")),
        (("a", "c" * 60 + "d"), ("a", "c" * 60 + "e")),
    ],
)
def test_the_gateway_counts_the_requests_of_each_alone(one: tuple[str, str], other: tuple[str, str]) -> None:
    mine, theirs = through(*one), through(*other)
    for resource, stranger in ((mine, theirs), (theirs, mine)):
        assert re.fullmatch(matcher(resource), router(resource))
        assert not re.fullmatch(matcher(resource), router(stranger))


@pytest.mark.parametrize("slos", [[], SLOS])
def test_without_a_number_there_is_no_budget(slos: list[dict[str, object]]) -> None:
    assert "budget" not in Paper(a_shortener({"slos": slos})).pass_once().status
