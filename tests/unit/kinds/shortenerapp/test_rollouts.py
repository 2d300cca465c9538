"""Whole timelines of a changed release: the new revision beside the old, the doors in one step, the old one gone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.engine import INSTALLATION
from tests.support.shorteners import (
    NOW,
    ROUTE,
    WITH_TRAFFIC,
    Paper,
    a_shortener,
    changed,
    condition,
    settled,
    with_spec,
    without,
)
from toprope.cli.paper import merged
from toprope.core.decision import Apply, CreateOnce, Decision
from toprope.core.frozen import RENDERED_BY
from toprope.core.objects import CONTROLLER_REVISION, Manifest
from toprope.delivery.machine.reasons import Reason as Moved
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.delivery.spec import RolloutStatus
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.serving.decide import decide
from toprope.serving.reasons import Reason
from toprope.serving.revisions import REMEMBERED, rollout_of
from toprope.serving.seen import Seen

LONGER_SLUGS = {"settings": {"slugLength": 9}}


def applied(decision: Decision, kind: str, name: str) -> dict[str, Any]:
    found = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    return dict(next(one for one in found if (one["kind"], one["metadata"]["name"]) == (kind, name)))


def selects(decision: Decision) -> str:
    return str(applied(decision, "Service", "links-web")["spec"]["selector"]["toprope.dev/revision"])


def names(paper: Paper, kind: str) -> set[str]:
    return {name for one, name in paper.seen().children if one == kind}


def a_rollout(spec: dict[str, Any] | None = None) -> tuple[Paper, str, str]:
    paper = Paper(a_shortener(spec)).settle()
    stable = revision_of_spec(paper.resource.spec)
    paper.resource = with_spec(paper.resource, LONGER_SLUGS)
    return paper, stable, revision_of_spec(paper.resource.spec)


def test_a_release_runs_beside_stable_takes_the_doors_and_ends_it() -> None:
    paper, stable, candidate = a_rollout(WITH_TRAFFIC)
    doors = []
    for _ in range(8):
        doors.append(selects(paper.pass_once()))
        assert {f"links-web-{doors[-1]}"} <= names(paper, "Deployment")
    assert doors == sorted(doors, key=[stable, candidate].index)
    assert doors[-1] == candidate
    paper.settle()
    assert names(paper, "Deployment") == {"links-cache", f"links-web-{candidate}"}
    assert names(paper, "ControllerRevision") >= {f"links-web-{stable}", f"links-web-{candidate}"}


def test_the_doors_open_only_after_the_verdict_stands_in_the_status() -> None:
    paper, stable, candidate = a_rollout(WITH_TRAFFIC)
    while not (paper.resource.status.revision.retiring):
        decision = paper.pass_once()
        assert selects(decision) == stable
    after = paper.pass_once()
    backends = applied(after, "HTTPRoute", ROUTE)["spec"]["rules"][0]["backendRefs"]
    assert [one["name"] for one in backends] == [f"links-web-{candidate}"]


def test_a_release_is_ready_while_the_gateway_looks_at_its_moved_route() -> None:
    paper, _, _ = a_rollout(WITH_TRAFFIC)
    while not paper.resource.status.revision.retiring:
        paper.pass_once()
    paper.pass_once()
    decision = paper.pass_once(changed("HTTPRoute", ROUTE, {"metadata": {"generation": 2}}))
    assert condition(decision, "Ready")[:2] == ("True", Reason.SERVING)
    assert condition(decision, "RouteAccepted")[:2] == ("False", "GatewayHasNotAnswered")
    assert not next(one.is_trouble for one in decision.conditions if one.type == "RouteAccepted")


def test_a_retiring_revision_rests_until_its_last_requests_have_ended() -> None:
    paper, stable, _ = a_rollout()
    while paper.resource.status.rollout.reason != Moved.TRAFFIC_MOVED:
        decision = paper.pass_once()
    assert decision.again == timedelta(seconds=10)
    paper.now += timedelta(seconds=9)
    paper.pass_once()
    assert f"links-web-{stable}" in names(paper, "Deployment")


def test_a_candidate_needs_as_many_pods_as_stable_has_ready() -> None:
    paper, stable, candidate = a_rollout({"replicas": {"max": 5}})
    grown = changed("Deployment", f"links-web-{stable}", {"spec": {"replicas": 4}, "status": {"readyReplicas": 3}})
    for _ in range(2):
        decision = paper.pass_once(grown)
    assert applied(decision, "HorizontalPodAutoscaler", f"links-web-{candidate}")["spec"]["minReplicas"] == 4
    assert applied(decision, "HorizontalPodAutoscaler", f"links-web-{stable}")["spec"]["minReplicas"] == 4
    one_ready = changed("Deployment", f"links-web-{candidate}", {"status": {"readyReplicas": 1}})
    said = paper.pass_once(lambda seen: one_ready(grown(seen)))
    assert "1 of 3 web pods" in condition(said, "Progressing")[2]


def test_a_candidate_without_endpoints_gets_no_traffic() -> None:
    paper, _, candidate = a_rollout()
    for _ in range(6):
        decision = paper.pass_once(lambda seen: replace(seen, endpoints=frozenset()))
    assert condition(decision, "Progressing")[:2] == ("True", Reason.NO_ENDPOINTS)
    assert paper.resource.status.revision.candidate == candidate


def test_a_candidate_that_is_late_has_failed_and_stable_serves_on() -> None:
    paper, stable, candidate = a_rollout()
    down = changed("Deployment", f"links-web-{candidate}", {"status": {"readyReplicas": None}})
    for _ in range(4):
        paper.pass_once(lambda seen: down(seen) if ("Deployment", f"links-web-{candidate}") in seen.children else seen)
    paper.now += timedelta(minutes=11)
    decision = paper.pass_once(down)
    assert paper.resource.status.rollout.phase == Phase.FAILED
    assert condition(decision, "Progressing")[:2] == ("False", Reason.WEB_NOT_READY)
    assert applied(decision, "HorizontalPodAutoscaler", f"links-web-{stable}")["spec"]["minReplicas"] == 1


def test_going_back_uses_what_was_rendered_then_and_migrates_nothing() -> None:
    paper, stable, _ = a_rollout()
    first = paper.seen().children["Deployment", f"links-web-{stable}"]["spec"]
    paper.settle()
    paper.resource = replace(
        with_spec(paper.resource, {"settings": {"slugLength": 7}}),
        installation=replace(INSTALLATION, version="0.2.0"),
    )
    paper.settle()
    assert paper.seen().children["Deployment", f"links-web-{stable}"]["spec"] == first
    assert f"links-migrate-{stable}" not in names(paper, "Job")


def test_only_so_many_old_revisions_are_remembered() -> None:
    paper = Paper(a_shortener()).settle()
    for length in range(8, 15):
        paper.resource = with_spec(paper.resource, {"settings": {"slugLength": length}})
        paper.settle()
    assert len([name for name in names(paper, "ControllerRevision") if "-web-" in name]) == REMEMBERED + 1
    assert len(paper.resource.status.migrations) == REMEMBERED + 1


def in_order_of_birth(seen: Seen) -> Seen:
    """The records have times of birth; on paper everything is born at once, and numbered."""

    def born(one: Manifest) -> Any:
        number = int(one["metadata"]["uid"].removeprefix("paper-"))
        return merged(one, {"metadata": {"creationTimestamp": f"2026-01-01T00:00:00.{number:06}Z"}})

    records = {key: born(one) for key, one in seen.children.items() if key[0] == CONTROLLER_REVISION.kind}
    return replace(seen, children={**seen.children, **records})


def released(paper: Paper, length: int, passes: int = 12) -> str:
    """A release of this length; answers with its revision."""
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": length}})
    for _ in range(passes):
        paper.now += min(paper.pass_once(in_order_of_birth).again, timedelta(seconds=11))
    return revision_of_spec(paper.resource.spec)


def test_the_way_back_to_what_has_just_served_is_there() -> None:
    paper = Paper(a_shortener()).settle()
    oldest = released(paper, 8)
    for length in range(9, 8 + REMEMBERED):
        released(paper, length)
    assert released(paper, 8) == paper.resource.status.revision.stable == oldest
    for length in (20, 21):
        released(paper, length)
    assert f"links-web-{oldest}" in names(paper, "ControllerRevision")
    assert oldest in {one.revision for one in paper.resource.status.migrations}


def test_revisions_that_never_served_are_forgotten_first() -> None:
    paper = Paper(a_shortener()).settle()
    served = {released(paper, length) for length in range(8, 8 + REMEMBERED)}
    for length in range(20, 20 + REMEMBERED):
        released(paper, length, passes=1)
    released(paper, 30)
    assert paper.resource.status.revision.stable == revision_of_spec(paper.resource.spec)
    assert {f"links-web-{name}" for name in served} <= names(paper, "ControllerRevision")


def test_a_newer_operator_restarts_nothing() -> None:
    paper = Paper(a_shortener()).settle()
    before = {key: one.get("spec") for key, one in paper.seen().children.items()}
    paper.resource = replace(paper.resource, installation=replace(INSTALLATION, version="0.2.0"))
    decision = paper.settle().pass_once()
    assert {key: one.get("spec") for key, one in paper.seen().children.items()} == before
    assert paper.resource.status.version == "0.1.0"
    assert "RenderOutdated" not in [one.type for one in decision.conditions]


@pytest.mark.parametrize(
    ("spec", "way"),
    [
        ({}, "set spec.version to 0.1.0 to move now"),
        ({"version": "0.0.9"}, "set spec.version to 0.1.0 to move now"),
        ({"version": "0.1.0"}, "change a field that makes a new revision, as spec.settings.logLevel, to move now"),
        ({"image": "an/image:1"}, "name the same image another way in spec.image, as by its digest, to move now"),
    ],
)
def test_a_rendering_that_has_changed_since_is_said(spec: dict[str, Any], way: str) -> None:
    resource, seen = settled(spec)
    record = f"links-web-{revision_of_spec(resource.spec)}"
    older = seen.children["ControllerRevision", record]["data"]["manifests"]
    older = [{**one, "spec": {**one["spec"], "minReadySeconds": 5}} for one in older]
    earlier = {"metadata": {"annotations": {RENDERED_BY: "0.0.9"}}, "data": {"manifests": older}}
    decision = decide(resource, changed("ControllerRevision", record, earlier)(seen), NOW)
    said = condition(decision, "RenderOutdated")
    assert said[:2] == ("True", Reason.RENDERED_EARLIER)
    assert way in said[2]
    assert applied(decision, "Deployment", record)["spec"]["minReadySeconds"] == 5


def test_a_lost_record_is_written_anew_at_the_version_that_serves() -> None:
    resource, seen = settled()
    record = f"links-web-{revision_of_spec(resource.spec)}"
    newer = replace(resource, installation=replace(INSTALLATION, version="0.2.0"))
    decision = decide(newer, without("ControllerRevision", record)(seen), NOW)
    born = [one.manifest for one in decision.actions if isinstance(one, CreateOnce)]
    assert [one["data"]["facts"]["version"] for one in born] == ["0.1.0"]


def test_a_revision_without_a_record_stays_as_it_is() -> None:
    paper, stable, _ = a_rollout()
    lost = without("ControllerRevision", f"links-web-{stable}")
    decision = paper.pass_once(lost)
    written = [one.manifest["metadata"]["name"] for one in decision.actions if isinstance(one, Apply)]
    assert f"links-web-{stable}" not in written
    assert f"links-web-{stable}" in names(paper, "Deployment")
    assert decision.status["version"] == "0.1.0"


def test_a_write_holds_only_for_the_door_as_it_was_seen() -> None:
    paper, _, _ = a_rollout(WITH_TRAFFIC)
    while not paper.resource.status.revision.retiring:
        before = paper.seen()
        quiet = paper.pass_once()
    seen = paper.seen()
    moves = paper.pass_once()
    for kind, name in (("Service", "links-web"), ("HTTPRoute", ROUTE)):
        for world, decision in ((before, quiet), (seen, moves)):
            version = world.children[kind, name]["metadata"]["resourceVersion"]
            assert applied(decision, kind, name)["metadata"]["resourceVersion"] == version


def shared_by(paper: Paper, candidate: str, phase: str, weight: str) -> None:
    """As if a candidate had that share."""
    status = paper.resource.status
    rollout = status.rollout.model_copy(update={"phase": phase, "weight": weight, "step": 1})
    revision = status.revision.model_copy(update={"candidate": candidate})
    paper.resource = replace(
        paper.resource, status=status.model_copy(update={"rollout": rollout, "revision": revision})
    )


def shares(decision: Decision) -> dict[str, int]:
    rule, *_ = applied(decision, "HTTPRoute", ROUTE)["spec"]["rules"]
    return {one["name"]: one["weight"] for one in rule["backendRefs"]}


def prepared(spec: dict[str, Any] | None = None) -> tuple[Paper, str, str]:
    """A candidate that has all its pods."""
    paper, stable, candidate = a_rollout(spec)
    while f"links-web-{candidate}" not in names(paper, "Deployment"):
        paper.pass_once()
    return paper, stable, candidate


def test_the_route_has_the_share_that_stands_in_the_status() -> None:
    paper, stable, candidate = prepared(WITH_TRAFFIC)
    shared_by(paper, candidate, "Shifting", "12.5%")
    decision = paper.pass_once()
    assert shares(decision) == {f"links-web-{stable}": 87_500, f"links-web-{candidate}": 12_500}
    assert selects(decision) == stable
    assert paper.resource.status.rollout.reason == Moved.ROUTE_NOT_MOVED
    assert paper.resource.status.rollout.weight == "12.5%"


def test_an_abort_takes_the_share_away_in_the_pass_that_reads_of_it() -> None:
    paper, stable, candidate = prepared(WITH_TRAFFIC)
    shared_by(paper, candidate, "Holding", "50%")
    paper.pass_once()
    paper.resource = replace(paper.resource, annotations={"toprope.dev/abort": candidate})
    assert shares(paper.pass_once()) == {f"links-web-{stable}": WHOLE}
    assert paper.resource.status.rollout.phase == Phase.ROLLING_BACK
    paper.settle()
    assert paper.resource.status.rollout.phase == Phase.FAILED
    assert f"links-web-{candidate}" not in names(paper, "Deployment")
    paper.resource = replace(paper.resource, annotations={"toprope.dev/retry": f"{candidate}/2"})
    paper.settle()
    assert paper.resource.status.revision.stable == candidate


@pytest.mark.parametrize(("spec", "first"), [(WITH_TRAFFIC, True), (None, False)])
def test_the_plain_service_leads_to_stable_beside_a_route_and_else_to_who_has_everything(
    spec: dict[str, Any] | None, first: bool
) -> None:
    paper, stable, candidate = prepared(spec)
    shared_by(paper, candidate, "Baking", "100%")
    assert selects(paper.pass_once()) == (stable if first else candidate)


def test_an_order_that_names_another_revision_is_none() -> None:
    paper, _, candidate = a_rollout(WITH_TRAFFIC)
    paper.resource = replace(paper.resource, annotations={"toprope.dev/abort": f"{candidate}x"})
    paper.settle()
    assert paper.resource.status.revision.stable == candidate


@pytest.mark.parametrize(("weight", "phase"), [(None, Phase.IDLE), ("10%", Phase.ROLLING_BACK)])
def test_a_phase_of_a_newer_operator_is_begun_anew_or_taken_back(weight: str | None, phase: Phase) -> None:
    resource, _ = settled()
    status = RolloutStatus(phase="Pondering", weight=weight)
    newer = replace(resource, status=resource.status.model_copy(update={"rollout": status}))
    assert rollout_of(newer).phase is phase


def test_a_phase_of_a_newer_operator_does_no_harm() -> None:
    resource, seen = settled()
    rollout = resource.status.rollout.model_copy(update={"phase": "Pondering"})
    newer = replace(resource, status=resource.status.model_copy(update={"rollout": rollout}))
    assert condition(decide(newer, seen, NOW), "Ready")[0] == "True"
