"""Rotation of credentials: successors, two minutes, a Job, and one write that changes the keys."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeGuard

import pytest

from tests.support.shorteners import (
    CLOUD_NATIVE_PG,
    EXTERNAL,
    Paper,
    Spoiling,
    a_shortener,
    all_of,
    changed,
    condition,
    give_secret,
    with_pod,
    with_spec,
    without,
)
from toprope.core.conditions import Condition
from toprope.core.decision import Amend, Apply, CreateOnce, Decision
from toprope.core.names import ROTATE_CREDENTIALS, ROTATED
from toprope.serving import places
from toprope.serving.needs import needs_of
from toprope.serving.reasons import Reason
from toprope.serving.render.job import rotation_mark
from toprope.serving.render.secrets import generated, rotate
from toprope.serving.rotation import ROTATING, SINCE, SPREAD

GENERATED = generated(a_shortener())
MARK = rotation_mark("monday")
JOB = ("Job", f"links-rotate-{MARK}")
FAILED = changed(*JOB, {"status": {"conditions": [{"type": "Failed", "status": "True", "message": "no cache"}]}})
RUNS = changed(*JOB, {"status": {"conditions": []}})


def asked(spec: dict[str, Any] | None = None, rotation: str = "monday") -> Paper:
    paper = Paper(a_shortener(spec))
    for name, keys in (("my-database", ["owner-uri", "app-uri"]), ("my-cache", ["uri"])):
        give_secret(paper, name, keys)
    paper.settle()
    paper.resource = replace(paper.resource, annotations={ROTATE_CREDENTIALS: rotation})
    return paper


def secret(paper: Paper) -> Any:
    return paper.seen().secrets["links-credentials"]


def amends(decision: Decision) -> list[Amend]:
    return [one for one in decision.actions if isinstance(one, Amend)]


def jobs(paper: Paper) -> set[str]:
    return {name for kind, name in paper.seen().children if kind == "Job"}


def test_every_key_gets_a_successor_and_nothing_else_changes_for_two_minutes() -> None:
    paper = asked()
    first = paper.pass_once()
    assert condition(first, "CredentialsRotated")[:2] == ("False", Reason.ROTATION_WAITING)
    assert {f"{key}.next" for key in GENERATED} == set(amends(first)[0].generate)
    waits = paper.pass_once()
    assert condition(waits, "CredentialsRotated")[:2] == ("False", Reason.ROTATION_WAITING)
    assert waits.again == SPREAD
    assert JOB[1] not in jobs(paper)
    assert secret(paper)["data"]["api-key"] == "b2xk"


def test_after_the_job_the_successors_take_the_places() -> None:
    paper = asked()
    paper.pass_once()
    paper.now += SPREAD
    assert condition(paper.pass_once(), "CredentialsRotated")[1] == Reason.ROTATION_RUNNING
    assert JOB[1] in jobs(paper)
    ended = paper.pass_once()
    assert condition(ended, "CredentialsRotated")[:2] == ("True", Reason.ROTATED)
    assert set(secret(paper)["data"]) == set(GENERATED)
    assert set(secret(paper)["data"].values()) == {"bmV3"}
    assert secret(paper)["metadata"]["annotations"] == {ROTATED: "monday"}
    paper.settle()
    assert JOB[1] not in jobs(paper)
    assert paper.resource.status.credentials.dump() == {"rotated": "monday"}


def rotated(decision: Decision) -> Condition:
    return next(one for one in decision.conditions if one.type == "CredentialsRotated")


def test_only_what_is_in_the_way_of_a_rotation_is_trouble() -> None:
    paper = asked()
    steps = [rotated(paper.pass_once()), rotated(paper.pass_once())]
    paper.now += SPREAD
    steps.append(rotated(paper.pass_once()))
    assert [(one.status, one.is_trouble) for one in steps] == [("False", False)] * 3
    stuck: Spoiling = with_pod("rotate", MARK, {"conditions": [{"type": "PodScheduled", "status": "False"}]})
    assert rotated(paper.pass_once(all_of(RUNS, stuck))).is_trouble
    assert rotated(paper.pass_once(FAILED)).is_trouble


def test_the_same_id_rotates_once() -> None:
    paper = asked()
    for _ in range(8):
        paper.now += SPREAD
        paper.pass_once()
    assert amends(paper.pass_once()) == []


def test_what_is_asked_for_meanwhile_comes_after() -> None:
    paper = asked()
    paper.pass_once()
    paper.resource = replace(paper.resource, annotations={ROTATE_CREDENTIALS: "tuesday"})
    paper.now += SPREAD
    for _ in range(2):
        paper.pass_once()
    assert secret(paper)["metadata"]["annotations"] == {ROTATED: "monday"}
    paper.pass_once()
    assert secret(paper)["metadata"]["annotations"].keys() == {ROTATED, ROTATING, SINCE}


def test_a_failed_job_is_said_and_tried_again() -> None:
    paper = asked()
    paper.pass_once()
    paper.now += SPREAD
    paper.pass_once()
    failed = paper.pass_once(FAILED)
    said = condition(failed, "CredentialsRotated")
    assert said[:2] == ("False", Reason.ROTATION_FAILED)
    assert 'has failed 1 times, last with "no cache"' in said[2]
    paper.now += timedelta(seconds=10)
    paper.pass_once(FAILED)
    assert JOB[1] not in jobs(paper)
    paper.pass_once()
    assert JOB[1] in jobs(paper)


def test_a_rotation_that_fails_keeps_no_release_back() -> None:
    paper = asked()
    paper.pass_once()
    paper.now += SPREAD
    paper.pass_once()
    paper.pass_once(FAILED)
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    paper.pass_once(FAILED)
    paper.pass_once(FAILED)
    assert f"links-migrate-{paper.resource.status.revision.candidate}" in jobs(paper)


def test_an_id_that_comes_again_makes_a_key_of_another_id() -> None:
    heads = []
    for hours in (0, 1):
        paper = asked()
        paper.now += timedelta(hours=hours)
        heads.append(amends(paper.pass_once())[0].patch["stringData"]["api-key.next"])
    assert heads[0] != heads[1]


def test_a_rotation_that_cannot_start_its_pod_says_why() -> None:
    paper = asked()
    paper.pass_once()
    paper.now += SPREAD
    paper.pass_once()
    stuck: Spoiling = with_pod("rotate", MARK, {"conditions": [{"type": "PodScheduled", "status": "False"}]})
    assert condition(paper.pass_once(all_of(RUNS, stuck)), "CredentialsRotated")[1] == Reason.POD_NOT_SCHEDULED


def test_a_migration_and_a_rotation_never_work_at_once() -> None:
    paper = asked()
    paper.pass_once()
    paper.now += SPREAD
    paper.pass_once()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    decision = paper.pass_once(RUNS)
    made = {one.manifest["metadata"]["name"] for one in decision.actions if isinstance(one, Apply)}
    assert not [name for name in made if "migrate" in name and name not in jobs(paper)]


def test_a_running_migration_goes_first() -> None:
    paper = asked()
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    paper.pass_once()
    paper.now += SPREAD
    running = [name for name in jobs(paper) if paper.resource.status.revision.candidate in name]
    paper.pass_once(changed("Job", running[0], {"status": {"conditions": []}}))
    assert JOB[1] not in jobs(paper)


@pytest.mark.parametrize(
    ("spec", "words", "ours"),
    [
        (EXTERNAL, "Secret my-database", {"api-key"}),
        (CLOUD_NATIVE_PG, "Secrets links-owner-login and links-app-login", {"cache-password", "api-key"}),
    ],
)
def test_of_a_database_of_somebody_elses_only_what_is_ours_rotates(
    spec: dict[str, Any], words: str, ours: set[str]
) -> None:
    paper = asked(spec)
    before = secret(paper)["data"]
    assert set(amends(paper.pass_once())[0].generate) == {f"{key}.next" for key in ours}
    paper.now += SPREAD
    paper.pass_once()
    said = condition(paper.pass_once(), "CredentialsRotated")
    assert said[:2] == ("True", Reason.ROTATION_NOT_OURS)
    assert words in said[2]
    assert "app.kubernetes.io/component=web" in said[2]
    after = secret(paper)["data"]
    assert {key for key in before if before[key] != after[key]} == ours


OTHER_CACHE = {"cache": {**EXTERNAL["cache"], "embedded": None}}


def test_the_cache_of_an_old_revision_that_lives_on_rotates_with_the_rest() -> None:
    paper = asked()
    paper.pass_once()
    paper.resource = with_spec(paper.resource, OTHER_CACHE)
    paper.pass_once()
    paper.now += SPREAD
    [made] = [one for one in paper.pass_once().actions if is_the_job(one)]
    assert needs_of(made.manifest).own_cache
    paper.pass_once()
    assert set(secret(paper)["data"].values()) == {"bmV3"}


def test_a_cache_that_nobody_uses_any_more_keeps_its_password() -> None:
    paper = asked()
    before = secret(paper)["data"]
    paper.pass_once()
    paper.resource = with_spec(paper.resource, OTHER_CACHE)
    while ("Deployment", "links-cache") in paper.seen().children:
        paper.pass_once()
        paper.now += timedelta(seconds=11)
    paper.now += SPREAD
    [made] = [one for one in paper.pass_once().actions if is_the_job(one)]
    assert not needs_of(made.manifest).own_cache
    paper.settle()
    after = secret(paper)["data"]
    assert set(after) == set(before)
    assert {key for key in before if before[key] == after[key]} == {places.CACHE_PASSWORD}


def is_the_job(action: object) -> TypeGuard[Apply]:
    return isinstance(action, Apply) and action.manifest["metadata"]["name"] == JOB[1]


@pytest.mark.parametrize(
    ("spec", "way"),
    [(EXTERNAL, ("my-database", "database-uri")), (CLOUD_NATIVE_PG, ("links-owner-login", "owner-password"))],
)
def test_a_rotation_has_its_way_into_a_database_of_somebody_elses(spec: dict[str, Any], way: tuple[str, str]) -> None:
    sources = [one["secret"] for one in rotate(a_shortener(spec), own_cache=True)]
    assert way in [(one["name"], item["path"]) for one in sources for item in one["items"]]
    own = {item["path"] for one in sources if one["name"] == "links-credentials" for item in one["items"]}
    assert not {"owner-password", "app-password"} & own


def test_credentials_that_are_made_with_the_annotation_there_need_no_rotation() -> None:
    resource = replace(a_shortener(), annotations={ROTATE_CREDENTIALS: "monday"})
    decision = Paper(resource).pass_once()
    made = next(one.manifest for one in decision.actions if isinstance(one, CreateOnce))
    assert made["metadata"]["annotations"] == {ROTATED: "monday"}


def test_no_credential_is_in_what_is_said() -> None:
    paper = asked()
    for _ in range(6):
        decision = paper.pass_once()
        assert "b2xk" not in str(decision.conditions) + str(decision.status)
        assert "bmV3" not in str(decision.conditions) + str(decision.status)
        paper.now += SPREAD
    assert "b2xk" not in repr(paper.seen())


def test_a_second_try_that_runs_rings_by_itself() -> None:
    paper = asked()
    paper.pass_once()
    paper.now += SPREAD
    paper.pass_once()
    paper.pass_once(FAILED)
    paper.now += timedelta(seconds=10)
    paper.pass_once(FAILED)
    paper.pass_once()
    paper.now += timedelta(minutes=1)
    assert paper.pass_once(RUNS).again >= timedelta(seconds=15)


def test_a_rotation_waits_for_a_revision_whose_image_is_known() -> None:
    paper = asked()
    paper.pass_once()
    stable = paper.resource.status.revision.stable
    paper.resource = with_spec(paper.resource, {"settings": {"slugLength": 9}})
    paper.now += SPREAD
    decision = paper.pass_once(without("ControllerRevision", f"links-web-{stable}"))
    said = condition(decision, "CredentialsRotated")
    assert said[:2] == ("False", Reason.ROTATION_WAITING)
    assert "waits for a revision that serves" in said[2]
