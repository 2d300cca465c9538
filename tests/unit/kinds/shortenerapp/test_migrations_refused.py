"""What a migration's check refuses: it is told what runs, its refusal is final beside that, and no traffic moves."""

from datetime import timedelta
from typing import Any

import pytest

from shortener.settings import MigrateSettings
from tests.support.shorteners import (
    EXTERNAL,
    Paper,
    Spoiling,
    a_shortener,
    all_of,
    changed,
    condition,
    give_secret,
    secret_changed,
    with_pod,
    with_spec,
)
from toprope.core.decision import Apply, Decision, Delete
from toprope.core.names import BESIDE
from toprope.core.objects import annotations_of
from toprope.kinds.shortenerapp.render import environment
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.serving import preparation
from toprope.serving.reasons import Reason
from toprope.serving.render import job
from toprope_kit.migrate.releases import NOBODY
from toprope_kit.outcome import Refused

SAID = (
    "migration 0006 to 0007 cannot run beside revision 67dns75th: `ALTER TABLE SHORTENER.LINKS DROP COLUMN NOTE` takes "
    "away what the running release may use; drop it in a later release. Nothing was changed."
)
ENDED = {"terminated": {"exitCode": 3, "message": SAID}}
BY_POLICY = {"type": "Failed", "status": "True", "reason": "PodFailurePolicy", "message": "exit code 3"}


def a_candidate(spec: dict[str, Any] | None = None) -> tuple[Paper, str, str]:
    """A release that serves, and another one whose Job was just made: their revisions."""
    paper = Paper(a_shortener(spec))
    give_secret(paper, "my-database", ["owner-uri", "app-uri"])
    give_secret(paper, "my-cache", ["uri"])
    paper.settle()
    stable = revision_of_spec(paper.resource.spec)
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    paper.pass_once()
    return paper, stable, revision_of_spec(paper.resource.spec)


def refused(revision: str) -> Spoiling:
    """The revision's check has said no."""
    pod = with_pod("migrate", revision, {"initContainerStatuses": [{"name": "check", "state": ENDED}]})
    return all_of(changed("Job", f"links-migrate-{revision}", {"status": {"conditions": [BY_POLICY]}}), pod)


def told(decision: Decision, revision: str) -> str | None:
    """What the check of a revision is told of what runs; None when its Job is not applied."""
    applied = {one.manifest["metadata"]["name"]: one.manifest for one in decision.actions if isinstance(one, Apply)}
    found = applied.get(f"links-migrate-{revision}")
    return annotations_of(found["spec"]["template"]).get(BESIDE, "") if found else None


def deleted(decision: Decision) -> set[str]:
    return {one.ref.name for one in decision.actions if isinstance(one, Delete)}


def test_program_and_operator_speak_of_the_same() -> None:
    names = [one["name"] for one in environment.check(a_shortener(), "abc")]
    assert {"REVISION", "RUNNING_REVISIONS"} < set(names)
    assert {"revision", "running_revisions"} < set(MigrateSettings.model_fields)
    assert (NOBODY, Refused.exit_code) == (preparation.NOBODY, job.REFUSED)


def test_a_first_release_is_told_that_nothing_runs() -> None:
    assert told(Paper(a_shortener()).pass_once(), revision_of_spec(a_shortener().spec)) == NOBODY


def test_of_a_database_of_the_users_nobody_knows_who_else_uses_it() -> None:
    paper = Paper(a_shortener(EXTERNAL))
    give_secret(paper, "my-database", ["owner-uri", "app-uri"])
    give_secret(paper, "my-cache", ["uri"])
    assert told(paper.pass_once(), revision_of_spec(paper.resource.spec)) == ""


@pytest.mark.parametrize("spec", [{}, EXTERNAL])
def test_a_candidate_is_told_of_stable(spec: dict[str, Any]) -> None:
    paper, stable, candidate = a_candidate(spec)
    assert told(paper.pass_once(), candidate) == stable


def test_a_stable_that_never_ran_is_nothing_that_runs() -> None:
    paper = Paper(a_shortener())
    runs = changed("Job", f"links-migrate-{revision_of_spec(paper.resource.spec)}", {"status": {"conditions": []}})
    paper.pass_once()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    assert told(paper.pass_once(runs), revision_of_spec(paper.resource.spec)) == NOBODY


@pytest.mark.parametrize(("annotations", "kept"), [({BESIDE: "another"}, "another"), ({BESIDE: None}, "")])
def test_a_job_keeps_to_what_it_was_told(annotations: dict[str, Any], kept: str) -> None:
    paper, _, candidate = a_candidate()
    name = ("Job", f"links-migrate-{candidate}")
    born = {"spec": {"template": {"metadata": {"annotations": annotations}}}, "status": {"conditions": []}}
    assert told(paper.pass_once(changed(*name, born)), candidate) == kept


def test_a_refused_release_has_failed_at_once_and_touches_nothing() -> None:
    paper, stable, candidate = a_candidate()
    before = paper.seen().children["Service", "links-web"]["spec"]
    decision = paper.pass_once(refused(candidate))
    assert condition(decision, "Ready")[:2] == ("True", Reason.SERVING)
    assert condition(decision, "Progressing")[:2] == ("False", Reason.MIGRATION_REFUSED)
    assert condition(decision, "Progressing")[2] == (
        f"Revision {candidate} is not ready. The database stays as it is: the check of revision {candidate} says "
        f'"{SAID[:-1]}" (kubectl -n default logs job/links-migrate-{candidate} -c check prints the DDL). A running '
        f"release is untouched. The check is made again when another revision serves, or Job links-migrate-{candidate} "
        "is deleted."
    )
    assert decision.status["rollout"]["phase"] == "Failed"
    assert decision.status["rollout"]["reason"] == "CandidateRefused"
    assert decision.status["revision"]["stable"] == stable
    assert paper.seen().children["Service", "links-web"]["spec"] == before
    assert ("Deployment", f"links-web-{candidate}") not in paper.seen().children


def test_what_was_refused_is_not_tried_again() -> None:
    paper, stable, candidate = a_candidate()
    for _ in range(5):
        decision = paper.pass_once(refused(candidate))
        assert (told(decision, candidate), deleted(decision)) == (stable, set())
        paper.now += timedelta(hours=1)
    assert decision.again > timedelta(minutes=1)
    assert [one.failures for one in paper.resource.status.migrations if one.revision == candidate] == [1]


def test_beside_what_was_not_there_then_it_is_checked_again() -> None:
    paper, stable, candidate = a_candidate()
    patch = {"spec": {"template": {"metadata": {"annotations": {BESIDE: "earlier"}}}}}
    decision = paper.pass_once(all_of(refused(candidate), changed("Job", f"links-migrate-{candidate}", patch)))
    assert f"links-migrate-{candidate}" in deleted(decision)
    assert told(paper.pass_once(), candidate) == stable


def test_a_refused_job_that_somebody_deletes_is_made_anew() -> None:
    paper, stable, candidate = a_candidate()
    paper.pass_once(refused(candidate))
    paper.cluster.objects = {ref: one for ref, one in paper.cluster.objects.items() if ref.resource.kind != "Job"}
    assert told(paper.pass_once(), candidate) == stable
    paper.settle()
    assert paper.resource.status.revision.stable == candidate


def test_back_to_stable_the_refusal_is_over() -> None:
    paper, stable, candidate = a_candidate()
    paper.pass_once(refused(candidate))
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 7}})
    paper.settle()
    assert paper.resource.status.rollout.phase == "Idle"
    assert paper.resource.status.revision.stable == stable
    assert f"links-migrate-{candidate}" not in {name for _, name in paper.seen().children}


def test_a_migration_begins_when_who_retires_has_gone() -> None:
    paper, _, second = a_candidate()
    while not paper.resource.status.revision.retiring:
        paper.pass_once()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 11}})
    third = revision_of_spec(paper.resource.spec)
    while paper.resource.status.revision.retiring:
        assert told(paper.pass_once(), third) is None
        paper.now += timedelta(seconds=2)
    assert told(paper.pass_once(), third) == second


def test_a_refusal_outlives_the_pod_that_said_it() -> None:
    paper, _, candidate = a_candidate()
    paper.pass_once(refused(candidate))
    only_job = changed("Job", f"links-migrate-{candidate}", {"status": {"conditions": [BY_POLICY]}})
    assert SAID[:-1] in condition(paper.pass_once(only_job), "Progressing")[2]


def test_what_else_it_lacks_is_not_why_it_is_refused() -> None:
    paper, _, candidate = a_candidate(EXTERNAL)
    paper.pass_once(all_of(refused(candidate), secret_changed("my-database", None)))
    rollout = paper.resource.status.rollout
    assert (rollout.phase, rollout.reason) == ("Failed", "CandidateRefused")
    assert "takes away what the running release may use" in rollout.message
    assert "my-database" not in rollout.message
