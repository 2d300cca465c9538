"""What holds between the verdict that a revision serves and the doors that move to it."""

import asyncio
from typing import Any

from tests.support.shorteners import (
    WITH_TRAFFIC,
    Paper,
    Spoiling,
    a_shortener,
    changed,
    condition,
    not_ready,
    with_spec,
)
from toprope.core.decision import Apply, Decision
from toprope.core.objects import SERVICE, Ref
from toprope.serving.health import READY
from toprope.serving.reasons import Reason


def door(paper: Paper) -> str:
    live = asyncio.run(paper.cluster.read(Ref(SERVICE, "default", "links-web")))
    assert live is not None
    return str(live["spec"]["selector"]["toprope.dev/revision"])


def doors_to(decision: Decision) -> list[str]:
    """The revisions that the plain Service is sent to."""
    applied = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    return [
        one["spec"]["selector"]["toprope.dev/revision"]
        for one in applied
        if (one["kind"], one["metadata"]["name"]) == ("Service", "links-web")
    ]


def routes_to(decision: Decision) -> list[str]:
    """The Services that the route is sent to."""
    routes = [
        one.manifest for one in decision.actions if isinstance(one, Apply) and one.manifest["kind"] == "HTTPRoute"
    ]
    return [backend["name"] for route in routes for backend in route["spec"]["rules"][0]["backendRefs"]]


def judged(spec: dict[str, Any] | None = None) -> tuple[Paper, str, str]:
    """A world at the moment of a kill: the status names the new revision stable, the doors still lead to the old."""
    paper = Paper(a_shortener(spec)).settle()
    old = paper.resource.status.revision.stable
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    while paper.resource.status.revision.stable == old:
        paper.pass_once()
    return paper, old, paper.resource.status.revision.stable


def lost_its_pods(revision: str) -> Spoiling:
    return not_ready("Deployment", f"links-web-{revision}")


def test_the_verdict_stands_before_the_doors_move() -> None:
    paper, old, new = judged()
    assert (door(paper), paper.resource.status.revision.retiring) == (old, old)
    assert paper.resource.status.revision.stable == new


def test_doors_do_not_move_to_a_revision_that_lost_its_pods_before() -> None:
    paper, old, new = judged()
    decision = paper.pass_once(lost_its_pods(new))
    assert doors_to(decision) == [old]
    assert condition(decision, READY)[0] == "True"
    assert doors_to(paper.pass_once()) == [new]


def test_a_way_back_that_begins_before_the_doors_moved_leads_through_no_empty_revision() -> None:
    paper, old, new = judged()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 7}})
    for _ in range(4):
        assert doors_to(paper.pass_once(lost_its_pods(new))) == [old]


def test_between_the_two_doors_the_route_decides() -> None:
    paper, old, new = judged(WITH_TRAFFIC)
    service = changed("Service", "links-web", {"spec": {"selector": {"toprope.dev/revision": new}}})
    lost = lost_its_pods(new)
    decision = paper.pass_once(lambda seen: lost(service(seen)))
    assert doors_to(decision) == [old]
    assert routes_to(decision) == [f"links-web-{old}"]


def test_doors_that_have_moved_do_not_move_back() -> None:
    paper, _, new = judged()
    paper.pass_once()
    assert door(paper) == new
    decision = paper.pass_once(lost_its_pods(new))
    assert doors_to(decision) == [new]
    assert condition(decision, READY)[:2] == ("False", Reason.WEB_NOT_READY)


def test_without_pods_in_either_revision_the_verdict_holds() -> None:
    paper, old, new = judged()
    both = lost_its_pods(old), lost_its_pods(new)
    assert doors_to(paper.pass_once(lambda seen: both[0](both[1](seen)))) == [new]


def test_the_revision_before_stays_until_the_doors_have_moved() -> None:
    paper, old, new = judged()
    decision = paper.pass_once(lost_its_pods(new))
    assert decision.status["revision"]["retiring"] == old
    applied = {one.manifest["metadata"]["name"] for one in decision.actions if isinstance(one, Apply)}
    assert f"links-web-{old}" in applied
