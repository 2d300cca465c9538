"""A generation for each revision: filled and proved by a Job before any pod that serves it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.support.searches import a_search, changed_to
from tests.support.shorteners import Paper, Spoiling, changed, condition, with_pod
from toprope.core.names import BESIDE
from toprope.core.objects import Manifest
from toprope.kinds.searchindex.spec import revision_of_spec, source_of
from toprope.serving.reasons import Reason

HALF = {"index": {"quantization": "Half"}}
FIRST, SECOND = (revision_of_spec(a_search(spec).spec) for spec in ({}, HALF))


def ends(revision: str, because: str = "BackoffLimitExceeded") -> Spoiling:
    """The Job of that revision has failed."""
    stated = [{"type": "Failed", "status": "True", "reason": because, "message": "It failed."}]
    return changed("Job", f"papers-ingest-{revision}", {"status": {"conditions": stated}})


def said(revision: str, sentence: str) -> Spoiling:
    ended = {"terminated": {"exitCode": 3, "message": sentence}}
    return with_pod("ingest", revision, {"containerStatuses": [{"name": "ingest", "state": ended}]})


def job(paper: Paper, revision: str) -> Manifest:
    return paper.seen().children["Job", f"papers-ingest-{revision}"]


def environment(one: Manifest, container: str = "ingest") -> dict[str, Any]:
    pod = one["spec"]["template"]["spec"]
    found = next(each for each in (*pod["containers"], *pod["initContainers"]) if each["name"] == container)
    return {each["name"]: each.get("value") for each in found["env"]}


def test_pods_come_when_their_generation_is_proved() -> None:
    paper = Paper(a_search())
    first = paper.pass_once()
    assert condition(first, "Ready")[1] == Reason.STARTING
    assert not any(kind == "Deployment" for kind, _ in paper.seen().children)
    paper.settle()
    assert [one.revision for one in paper.resource.status.generations if one.succeeded_at] == [FIRST]
    web = paper.seen().children["Deployment", f"papers-web-{FIRST}"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "GENERATION", "value": FIRST} in web["env"]


def test_another_index_is_a_generation_of_the_same_documents_beside_the_one_that_serves() -> None:
    paper = Paper(a_search()).settle()
    paper.resource = changed_to(paper.resource, HALF)
    paper.pass_once()
    (before, after) = (environment(job(paper, one)) for one in (FIRST, SECOND))
    assert (before["GENERATION"], after["GENERATION"]) == (FIRST, SECOND)
    assert before["SOURCE_ID"] == after["SOURCE_ID"] == source_of(paper.resource.spec)
    assert json.loads(after["INGEST_INDEX"])["quantization"] == "Half"
    told = job(paper, SECOND)["spec"]["template"]["metadata"]["annotations"]
    assert told[BESIDE] == FIRST
    paper.settle()
    assert paper.resource.status.revision.stable == SECOND


def test_one_that_fails_is_tried_again_and_what_serves_is_untouched() -> None:
    paper = Paper(a_search()).settle()
    paper.resource = changed_to(paper.resource, HALF)
    paper.pass_once()
    for _ in range(2):
        decision = paper.pass_once(ends(SECOND))
    assert condition(decision, "Ready")[0] == "True"
    reason, message = condition(decision, "Progressing")[1:]
    assert reason == Reason.GENERATION_FAILED
    assert f"Filling generation {SECOND} has failed 1 times" in message
    assert "It goes on where it was" in message


@pytest.mark.parametrize("sentence", ["recall 0.62 is not proved above 0.9", "3 of 100 lines were rejected, 1 may be"])
def test_one_that_is_refused_fails_its_release_and_stays_so(sentence: str) -> None:
    paper = Paper(a_search()).settle()
    paper.resource = changed_to(paper.resource, HALF)
    paper.pass_once()

    def refused(seen: Any) -> Any:
        return said(SECOND, sentence)(ends(SECOND, "PodFailurePolicy")(seen))

    for _ in range(3):
        decision = paper.pass_once(refused)
    told = paper.resource.status.rollout
    assert (told.phase, told.reason) == ("Failed", "CandidateRefused")
    assert condition(decision, "Ready")[0] == "True"
    assert paper.resource.status.revision.stable == FIRST
    assert sentence in told.message


def test_the_first_one_that_is_refused_says_why_nothing_serves() -> None:
    paper = Paper(a_search())
    paper.pass_once()
    for _ in range(2):
        decision = paper.pass_once(ends(FIRST, "PodFailurePolicy"))
    assert condition(decision, "Ready")[:2] == ("False", Reason.GENERATION_REFUSED)


def test_while_it_is_filled_nobody_calls_that_a_fault() -> None:
    paper = Paper(a_search())
    paper.pass_once()
    runs = changed("Job", f"papers-ingest-{FIRST}", {"status": {"conditions": []}})
    paper.now = paper.now.replace(year=paper.now.year + 1)
    decision = paper.pass_once(runs)
    assert condition(decision, "Ready")[:2] == ("False", Reason.GENERATION_FILLS)
    assert condition(decision, "Progressing")[0] == "True"


def test_live_settings_make_no_new_revision() -> None:
    spec = {"efSearch": 200, "recallShare": "0.5", "replicas": {"max": 4}}
    assert revision_of_spec(a_search(spec).spec) == FIRST
    paper = Paper(a_search(spec)).settle()
    live = paper.seen().children["ConfigMap", "papers-live"]
    assert json.loads(live["data"]["live.json"]) == {"efSearch": 200, "recallShare": 0.5}


def test_a_candidate_is_not_late_while_its_generation_is_filled() -> None:
    paper = Paper(a_search()).settle()
    paper.resource = changed_to(paper.resource, HALF)
    paper.pass_once()
    runs = changed("Job", f"papers-ingest-{SECOND}", {"status": {"conditions": []}})
    for _ in range(90):
        paper.pass_once(runs)
        paper.now += timedelta(minutes=1)
    assert paper.resource.status.rollout.phase == "Preparing"
    paper.settle()
    assert paper.resource.status.revision.stable == SECOND
