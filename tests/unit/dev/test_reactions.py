from typing import Any

import pytest

from dev.floor import reactions
from dev.floor.fates import WELL, Fate, Outcome, fate_of

NOW = "2026-01-01T12:00:00Z"
META = {"name": "links", "namespace": "default", "generation": 2}
FAILS = Fate(Outcome.FAILS, "Error", "column target is missing")
REFUSES = Fate(Outcome.FAILS_FIRST, "Error", "no", code=3)
WAITS = Fate(Outcome.WAITS, "ImagePullBackOff", "no such image")


def a_pod(**spec: Any) -> dict[str, Any]:
    first, then = ({"name": name, "image": "web:1"} for name in ("check", "web"))
    return {"metadata": META, "spec": {"initContainers": [first], "containers": [then], **spec}}


def status(call: reactions.Call | None) -> dict[str, Any]:
    assert call is not None
    found: dict[str, Any] = call.body["status"]
    return found


def test_a_new_pod_is_bound_before_it_runs() -> None:
    call = reactions.pod(a_pod(), WELL, NOW, "10.244.0.2")
    assert call is not None
    assert call.path.endswith("/pods/links/binding")


@pytest.mark.parametrize(
    ("sentence", "policy", "fate", "phase"),
    [
        ("a server runs", "Always", WELL, "Running"),
        ("a Job's pod succeeds", "Never", WELL, "Succeeded"),
        ("a failing Job's pod fails", "OnFailure", FAILS, "Failed"),
        ("a crashing server stays", "Always", FAILS, "Running"),
        ("what comes first fails, and nothing begins", "Never", REFUSES, "Failed"),
        ("a server's first container fails", "Always", REFUSES, "Pending"),
        ("an image that cannot be pulled waits", "Never", WAITS, "Pending"),
    ],
)
def test_a_bound_pod_takes_its_fate(sentence: str, policy: str, fate: Fate, phase: str) -> None:
    report = status(reactions.pod(a_pod(nodeName="instant", restartPolicy=policy), fate, NOW, "10.244.0.2"))
    ready = next(each["status"] for each in report["conditions"] if each["type"] == "Ready")
    assert (report["phase"], ready) == (phase, "True" if phase == "Running" and fate is WELL else "False")


def test_who_comes_first_ends_with_its_code() -> None:
    report = status(reactions.pod(a_pod(nodeName="instant", restartPolicy="Never"), REFUSES, NOW, "10.244.0.2"))
    (first,), (then,) = report["initContainerStatuses"], report["containerStatuses"]
    assert (first["name"], first["state"]["terminated"]["exitCode"]) == ("check", 3)
    assert then["state"] == {"waiting": {"reason": "PodInitializing"}}


def test_a_settled_pod_gets_no_answer() -> None:
    pod = a_pod(nodeName="instant")
    pod["status"] = status(reactions.pod(pod, WELL, NOW, "10.244.0.2"))
    assert reactions.pod(pod, WELL, NOW, "10.244.0.3") is None
    assert status(reactions.pod(pod, FAILS, NOW, "10.244.0.3"))["podIP"] == "10.244.0.2"


def test_a_pod_that_is_deleted_goes_at_once() -> None:
    call = reactions.pod({**a_pod(), "metadata": {**META, "deletionTimestamp": NOW}}, WELL, NOW, "")
    assert call == reactions.Call("DELETE", "/api/v1/namespaces/default/pods/links", {"gracePeriodSeconds": 0})


def a_claim(storage: str, **more: Any) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}
    return {"metadata": META, "spec": spec, **more}


def test_a_claim_is_bound_and_follows_its_request() -> None:
    bound = status(reactions.claim(a_claim("1Gi"), WELL, NOW))
    assert reactions.claim(a_claim("1Gi", status=bound), WELL, NOW) is None
    assert status(reactions.claim(a_claim("2Gi", status=bound), WELL, NOW))["capacity"] == {"storage": "2Gi"}


def test_a_route_is_judged_again_at_each_generation() -> None:
    route = {"metadata": META, "spec": {"parentRefs": [{"name": "public"}]}}
    judged = {**route, "status": status(reactions.route(route, WELL, NOW))}
    assert reactions.route(judged, WELL, NOW) is None
    refused = status(reactions.route(judged, Fate(Outcome.FAILS, "NotAllowedByListeners"), NOW))
    assert refused["parents"][0]["conditions"][0]["reason"] == "NotAllowedByListeners"
    assert reactions.route({**judged, "metadata": {**META, "generation": 3}}, WELL, NOW) is not None


def test_the_newest_decree_that_fits_wins() -> None:
    fates = {"web:2": FAILS, "web": WAITS}
    assert fate_of(["docker.io/web:2"], fates) is FAILS
    assert fate_of(["docker.io/web:1"], fates) is WAITS
    assert fate_of(["docker.io/cache:1"], fates) is WELL
