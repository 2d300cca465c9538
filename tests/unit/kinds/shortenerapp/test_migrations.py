"""Migrations: once per revision, before its web pods, tried again after a growing pause."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.shorteners import (
    CLOUD_NATIVE_PG,
    EXTERNAL,
    NOW,
    Paper,
    Spoiling,
    a_shortener,
    all_of,
    changed,
    condition,
    give_secret,
    secret_changed,
    settled,
    waiting,
    with_pod,
    with_spec,
)
from toprope.cli.paper import DAWN
from toprope.core.decision import Apply, Decision, Delete
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.kinds.shortenerapp.status import MigrationStatus
from toprope.serving import jobs
from toprope.serving.decide import decide
from toprope.serving.reasons import Reason

REVISION = revision_of_spec(a_shortener().spec)
JOB = ("Job", f"links-migrate-{REVISION}")
FAILED = {"status": {"conditions": [{"type": "Failed", "status": "True", "message": "BackoffLimitExceeded"}]}}
RUNS = changed(*JOB, {"status": {"conditions": []}})
FAILS = changed(*JOB, FAILED)
ENDED = {"terminated": {"exitCode": 1, "message": "migration 0004: column target is missing\n"}}
SILENT = {"containerStatuses": [{"state": {"terminated": {"exitCode": 1}}}]}
SAID = {"initContainerStatuses": [{"state": {"terminated": {"exitCode": 0}}}], "containerStatuses": [{"state": ENDED}]}


def a_new_one() -> Paper:
    """After the first pass: everything is asked for, the Job is made."""
    paper = Paper(a_shortener())
    paper.pass_once()
    return paper


def success_on(paper: Paper, kind: str = "PersistentVolumeClaim") -> dict[str, str]:
    """A success on the data that is there."""
    uid = paper.seen().children[kind, "links-database"]["metadata"]["uid"]
    return {"revision": REVISION, "succeededAt": "2026-01-01T00:00:00Z", "dataUid": uid}


def applied(decision: Decision) -> set[tuple[str, str]]:
    return {
        (one.manifest["kind"], one.manifest["metadata"]["name"]) for one in decision.actions if isinstance(one, Apply)
    }


def deleted(decision: Decision) -> set[tuple[str, str]]:
    return {(one.ref.resource.kind, one.ref.name) for one in decision.actions if isinstance(one, Delete)}


def test_web_pods_wait_for_their_migration() -> None:
    paper = Paper(a_shortener())
    web = ("Deployment", f"links-web-{REVISION}")
    without, succeeded = paper.pass_once(), paper.pass_once()
    assert JOB in applied(without)
    assert web not in applied(without)
    assert succeeded.status["migrations"] == [success_on(paper)]
    assert web in applied(succeeded)


def test_a_success_is_never_run_again() -> None:
    resource, seen = settled()
    decision = decide(resource, all_of(lambda seen: seen)(seen), NOW)
    gone = {key: one for key, one in seen.children.items() if key != JOB}
    without_job = decide(resource, type(seen)(gone, seen.secrets), NOW)
    assert JOB in applied(decision)
    assert JOB not in applied(without_job) | deleted(without_job)


@pytest.mark.parametrize(
    ("sentence", "spoil", "after", "reason", "words"),
    [
        ("it just began", RUNS, 1, Reason.STARTING, f"Job links-migrate-{REVISION} brings the database"),
        ("it takes its time", RUNS, 60, Reason.MIGRATION_RUNNING, "brings the database"),
        ("its image is missing", all_of(RUNS, with_pod("migrate", REVISION, waiting("ImagePullBackOff"))), 60,
         Reason.IMAGE_NOT_PULLED, "cannot be pulled"),
        ("it failed and said why", all_of(FAILS, with_pod("migrate", REVISION, SAID)), 1, Reason.MIGRATION_FAILED,
         'has failed 1 times, last with "migration 0004: column target is missing" (kubectl -n default logs job/'),
        ("its container ended without a word", all_of(FAILS, with_pod("migrate", REVISION, SILENT)), 1,
         Reason.MIGRATION_FAILED, '"BackoffLimitExceeded"'),
        ("it failed in silence", FAILS, 1, Reason.MIGRATION_FAILED, '"BackoffLimitExceeded"'),
        ("the next try is named", FAILS, 1, Reason.MIGRATION_FAILED, "Next try: 2026-01-01T00:00:11Z."),
    ],
)  # fmt: skip
def test_what_a_migration_says(sentence: str, spoil: Spoiling, after: int, reason: str, words: str) -> None:
    paper = a_new_one()
    paper.now = DAWN + timedelta(seconds=after)
    said = condition(paper.pass_once(spoil), "Ready")
    assert said[:2] == ("False", reason)
    assert words in said[2]


def test_a_failed_one_is_counted_once_and_made_anew_after_a_growing_pause() -> None:
    paper = a_new_one()
    for _ in range(3):
        decision = paper.pass_once(FAILS)
    assert decision.status["migrations"][0]["failures"] == 1
    assert decision.again == timedelta(seconds=10)
    paper.now += timedelta(seconds=10)
    assert JOB in deleted(paper.pass_once(FAILS))
    assert JOB in applied(paper.pass_once())
    again = paper.pass_once(all_of(FAILS, changed(*JOB, {"metadata": {"uid": "the second"}})))
    assert again.status["migrations"][0]["failures"] == 2
    assert again.again == timedelta(seconds=15)


def test_a_retry_that_runs_says_so_and_a_success_forgets_the_failures() -> None:
    paper = a_new_one()
    paper.pass_once(FAILS)
    assert "It is being tried again." in condition(paper.pass_once(RUNS), "Ready")[2]
    assert paper.pass_once().status["migrations"] == [success_on(paper)]


def test_a_job_that_is_being_deleted_still_counts_as_running() -> None:
    paper = a_new_one()
    going = changed(*JOB, {**FAILED, "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
    assert "failures" not in paper.pass_once(going).status["migrations"][0]


def test_a_failed_migration_leaves_the_running_release_alone() -> None:
    paper = Paper(a_shortener()).settle()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    wanted = revision_of_spec(paper.resource.spec)
    paper.pass_once()
    decision = paper.pass_once(changed("Job", f"links-migrate-{wanted}", FAILED))
    assert condition(decision, "Ready")[:2] == ("True", Reason.SERVING)
    assert condition(decision, "Progressing")[:2] == ("True", Reason.MIGRATION_FAILED)
    assert ("Deployment", f"links-web-{wanted}") not in applied(decision)
    assert deleted(decision) == set()


def test_no_migration_starts_while_a_secret_of_the_users_is_missing() -> None:
    paper = Paper(a_shortener({"database": {"external": {"secretRef": {"name": "mine"}}}}))
    decision = paper.pass_once()
    assert not [name for kind, name in applied(decision) if kind == "Job"]
    assert condition(decision, "Ready")[1] == Reason.SECRET_MISSING
    assert decision.again <= timedelta(seconds=15)
    assert secret_changed("mine", None)(paper.seen()).secrets.keys() == {"links-credentials"}


def test_a_next_try_that_is_held_back_is_not_asked_for_all_the_time() -> None:
    paper = Paper(a_shortener(EXTERNAL))
    give_secret(paper, "my-database", ["owner-uri", "app-uri"])
    give_secret(paper, "my-cache", ["uri"])
    paper.pass_once()
    name = ("Job", f"links-migrate-{revision_of_spec(paper.resource.spec)}")
    paper.pass_once(changed(*name, FAILED))
    paper.now += timedelta(seconds=15)
    gone = secret_changed("my-database", None)
    assert name in deleted(paper.pass_once(all_of(changed(*name, FAILED), gone)))
    waits = paper.pass_once(gone)
    assert condition(waits, "Ready")[1] == Reason.SECRET_MISSING
    assert waits.again >= timedelta(seconds=15)


def test_a_failure_of_which_only_the_job_is_known_has_no_next_try() -> None:
    known = MigrationStatus(revision=REVISION, failed_job="uid")
    failed = {"metadata": {"uid": "uid"}, **FAILED}
    assert jobs.next_try(jobs.counted(known, failed, (), NOW), failed) is None


def lose(paper: Paper, *kinds: str) -> None:
    """Somebody deletes what there is of these kinds."""
    for ref in list(paper.cluster.objects):
        if ref.resource.kind in kinds:
            del paper.cluster.objects[ref]


@pytest.mark.parametrize(
    ("spec", "kinds"),
    [
        ({}, ["PersistentVolumeClaim"]),
        ({}, ["PersistentVolumeClaim", "Secret"]),
        ({}, ["PersistentVolumeClaim", "Secret", "Job"]),
        (CLOUD_NATIVE_PG, ["Cluster"]),
        (CLOUD_NATIVE_PG, ["Cluster", "Secret", "Job"]),
    ],
)
def test_an_empty_database_that_takes_the_place_of_one_is_migrated(spec: dict[str, Any], kinds: list[str]) -> None:
    paper = Paper(a_shortener(spec)).settle()
    name = ("Job", f"links-migrate-{revision_of_spec(paper.resource.spec)}")
    first = paper.resource.status.migrations[0].data_uid
    lose(paper, *kinds)
    emptied = paper.pass_once()
    assert condition(emptied, "Ready")[0] == "False"
    assert (name in deleted(emptied), name in applied(emptied)) == ("Job" not in kinds, "Job" in kinds)
    assert name in applied(paper.pass_once())
    paper.settle()
    assert condition(paper.pass_once(), "Ready")[:2] == ("True", Reason.SERVING)
    assert paper.resource.status.migrations[0].data_uid not in (None, first)


REPLACED = changed(
    "PersistentVolumeClaim",
    "links-database",
    {"metadata": {"uid": "another", "creationTimestamp": "2026-01-01T09:00:00Z"}},
)


def test_a_job_of_earlier_data_says_nothing_of_what_has_taken_its_place() -> None:
    paper = a_new_one()
    decision = paper.pass_once(REPLACED)
    assert decision.status["migrations"] == [{"revision": REVISION}]
    assert JOB in deleted(decision)


def test_a_revision_that_is_gone_back_to_is_migrated_where_the_data_has_changed_since() -> None:
    paper = Paper(a_shortener()).settle()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    paper.settle()
    assert [one.succeeded_at for one in paper.resource.status.migrations if one.revision == REVISION] != [None]
    decision = paper.pass_once(REPLACED)
    assert {"revision": REVISION} in decision.status["migrations"]


def test_a_success_without_its_data_is_one_on_what_is_there() -> None:
    paper = Paper(a_shortener()).settle()
    lose(paper, "Job")
    known = paper.resource.status.migrations[0].model_copy(update={"data_uid": None})
    status = paper.resource.status.model_copy(update={"migrations": [known]})
    paper.resource = replace(paper.resource, status=status)
    decision = paper.pass_once()
    assert JOB not in applied(decision)
    assert decision.status["migrations"][0]["dataUid"] == success_on(paper)["dataUid"]


def test_of_a_database_of_the_users_a_success_stands_alone() -> None:
    resource, _ = settled(EXTERNAL, my_database=["owner-uri", "app-uri"], my_cache=["uri"])
    assert resource.status.migrations[0].succeeded_at
    assert resource.status.migrations[0].data_uid is None
