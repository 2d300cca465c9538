"""What holds between the verdict that a revision serves and the doors that move to it."""

import asyncio

from tests.support.shorteners import Paper, Spoiling, a_shortener, condition, not_ready, with_spec
from toprope.core.decision import Apply, Decision
from toprope.core.objects import SERVICE, Ref
from toprope.kinds.shortenerapp.health import READY
from toprope.kinds.shortenerapp.reasons import Reason


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


def judged() -> tuple[Paper, str, str]:
    """A world at the moment of a kill: the status names the new revision stable, the doors still lead to the old."""
    paper = Paper(a_shortener()).settle()
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


def test_a_verdict_is_not_asked_again_when_the_pods_went_before_the_doors_moved() -> None:
    paper, _, new = judged()
    decision = paper.pass_once(lost_its_pods(new))
    assert doors_to(decision) == [new]
    assert condition(decision, READY)[:2] == ("False", Reason.WEB_NOT_READY)


def test_the_revision_before_stays_until_the_doors_have_moved() -> None:
    paper, old, new = judged()
    decision = paper.pass_once(lost_its_pods(new))
    assert decision.status["revision"]["retiring"] == old
    applied = {one.manifest["metadata"]["name"] for one in decision.actions if isinstance(one, Apply)}
    assert f"links-web-{old}" in applied
