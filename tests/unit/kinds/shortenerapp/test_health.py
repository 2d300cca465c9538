"""What Ready and its neighbours say: a whole good world, and each row spoils one thing of it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.shorteners import (
    CLOUD_NATIVE_PG,
    EXTERNAL,
    NOW,
    ROUTE,
    WITH_TRAFFIC,
    Spoiling,
    all_of,
    changed,
    condition,
    not_ready,
    secret_changed,
    settled,
    waiting,
    with_pod,
    without,
)
from toprope.serving.decide import decide
from toprope.serving.reasons import Reason

GOOD, SEEN = settled(WITH_TRAFFIC)
REVISION = GOOD.status.revision.stable
WEB = ("Deployment", f"links-web-{REVISION}")
DATABASE = ("StatefulSet", "links-database")
CACHE = ("Deployment", "links-cache")
WEB_DOWN = not_ready(*WEB)
LEAVING = changed("PersistentVolumeClaim", "links-database", {"metadata": {"deletionTimestamp": "2026-01-01T11:00:00Z"},
                                                              "spec": {"volumeName": "pvc-7"}})  # fmt: skip
UNSCHEDULABLE = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes: too little cpu."}]}
CRASHED = {"terminated": {"exitCode": 1, "reason": "Error", "message": "settings: SLUG_LENGTH is no number\n"}}
SILENT = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
RUNNING = {
    "conditions": [{"type": "PodScheduled", "status": "True"}],
    "containerStatuses": [{"name": "c", "state": {"running": {}}}],
}
QUOTA = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: cpu"}
REFUSED = {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners", "message": "no listener"}


def parents(*conditions: dict[str, str]) -> list[dict[str, Any]]:
    route = SEEN.children["HTTPRoute", ROUTE]
    said = [{"observedGeneration": 1, **one} for one in conditions]
    return [{"parentRef": route["spec"]["parentRefs"][0], "conditions": said}]


@pytest.mark.parametrize(
    ("sentence", "spoil", "name", "status", "reason", "words"),
    [
        ("all is well", lambda seen: seen, "Ready", "True", Reason.SERVING, "serves with 1 web pod."),
        ("the database answers nobody", not_ready(*DATABASE), "Ready", "False", Reason.DATABASE_NOT_READY, "0 of 1"),
        ("the database is not there", without(*DATABASE), "Ready", "False", Reason.STARTING, "0 of 1 database pods"),
        ("no web pod is ready", WEB_DOWN, "Ready", "False", Reason.WEB_NOT_READY, "0 of 1 web pods"),
        ("what stands still says why", WEB_DOWN, "Progressing", "False", Reason.WEB_NOT_READY, "0 of 1"),
        ("web pods just start", all_of(WEB_DOWN, changed(*WEB, {"metadata": {"creationTimestamp":
         "2026-01-01T11:59:58Z"}})), "Ready", "False", Reason.STARTING, "0 of 1 web pods"),
        ("quota refuses pods", all_of(WEB_DOWN, changed(*WEB, {"status": {"conditions": [QUOTA]}})),
         "Ready", "False", Reason.PODS_REFUSED, "exceeded quota: cpu."),
        ("an image cannot be pulled", all_of(WEB_DOWN, with_pod("web", REVISION,
         waiting("ErrImagePull", "no such tag"))), "Ready", "False",
         Reason.IMAGE_NOT_PULLED, "Image an/image:1 of pod a-pod cannot be pulled: no such tag"),
        ("no node takes the pod", all_of(WEB_DOWN, with_pod("web", REVISION, UNSCHEDULABLE)),
         "Ready", "False", Reason.POD_NOT_SCHEDULED,
         "0/1 nodes: too little cpu. Make room, or change spec.resources or spec.scheduling."),
        ("no node takes the database", all_of(not_ready(*DATABASE), with_pod("database", None, UNSCHEDULABLE)),
         "Ready", "False", Reason.POD_NOT_SCHEDULED, "or change spec.database.embedded.resources, and delete the pod"),
        ("no node takes the cache", all_of(not_ready(*CACHE), with_pod("cache", None, UNSCHEDULABLE)),
         "CacheReady", "False", Reason.POD_NOT_SCHEDULED, "or change spec.cache.embedded.maxMemory."),
        ("the scheduler says nothing", all_of(WEB_DOWN, with_pod("web", REVISION, {"conditions": [
         {"type": "PodScheduled", "status": "False"}]})), "Ready", "False", Reason.POD_NOT_SCHEDULED,
         "has not said why"),
        ("a key is missing in a Secret", all_of(WEB_DOWN, with_pod("web", REVISION,
         waiting("CreateContainerConfigError", "no key app-uri"))), "Ready", "False", Reason.POD_NOT_CONFIGURED,
         "cannot be started: no key app-uri"),
        ("a pod crashes and says why", all_of(WEB_DOWN, with_pod("web", REVISION,
         waiting("CrashLoopBackOff", restartCount=3, lastState=CRASHED))), "Ready", "False", Reason.CRASH_LOOPING,
         'has ended 3 times, last with "settings: SLUG_LENGTH is no number"'),
        ("a pod crashes in silence", all_of(WEB_DOWN, with_pod("web", REVISION,
         waiting("CrashLoopBackOff", lastState=SILENT))), "Ready", "False", Reason.CRASH_LOOPING,
         "OOMKilled, exit code 137"),
        ("a pod just waits", all_of(WEB_DOWN, with_pod("web", REVISION, waiting("PodInitializing"))),
         "Ready", "False", Reason.WEB_NOT_READY, "0 of 1"),
        ("a pod runs and is not ready yet", all_of(WEB_DOWN, with_pod("web", REVISION, RUNNING)),
         "Ready", "False", Reason.WEB_NOT_READY, "0 of 1"),
        ("another component's pod is no excuse", all_of(WEB_DOWN, with_pod("cache", None, UNSCHEDULABLE)),
         "Ready", "False", Reason.WEB_NOT_READY, "0 of 1"),
        ("web pods that are being scaled are ready", changed(*WEB, {"metadata": {"generation": 2}, "spec":
         {"replicas": 3}, "status": {"observedGeneration": 1}}), "Ready", "True", Reason.SERVING, "with 1 web pod."),
        ("the gateway refuses the route", changed("HTTPRoute", ROUTE, {"status": {"parents": parents(REFUSED)}}),
         "Ready", "False", "NotAllowedByListeners", "no listener"),
        ("and says so in its own condition", changed("HTTPRoute", ROUTE, {"status": {"parents":
         parents(REFUSED)}}), "RouteAccepted", "False", "NotAllowedByListeners", "no listener"),
        ("the cache is away", not_ready(*CACHE), "CacheReady", "False", Reason.CACHE_NOT_READY, "Redirects go on"),
        ("without the cache the service is ready", not_ready(*CACHE), "Ready", "True", Reason.SERVING, "serves"),
        ("credentials are lost", secret_changed("links-credentials", None), "Ready", "False",
         Reason.CREDENTIALS_LOST, "links-credentials lacks owner-password, app-password, cache-password, api-key"),
        ("one credential is lost", secret_changed("links-credentials", {"data": {"api-key": None}}), "DataPresent",
         "False", Reason.CREDENTIALS_LOST, "lacks api-key; nothing is changed or repaired."),
        ("the claim is being deleted", LEAVING, "DataPresent", "False", Reason.CLAIM_LEAVING, "being deleted"),
        ("data that is about to be lost can be saved", LEAVING, "Ready", "False", Reason.CLAIM_LEAVING,
         "at the next end of pod links-database-0 all data is lost"),
        ("the volume of a claim that goes can be kept", LEAVING, "Ready", "False", Reason.CLAIM_LEAVING,
         """(kubectl patch pv pvc-7 -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}') or dump it (kubectl"""),
        ("a claim without a volume may be dumped", all_of(LEAVING, changed("PersistentVolumeClaim", "links-database",
         {"spec": {"volumeName": None}})), "Ready", "False", Reason.CLAIM_LEAVING,
         "To save the data, dump it (kubectl -n default exec links-database-0 -- sh -c '/opt/postgres/"),
        ("meanwhile all stands still", LEAVING, "Reconciled", "False", Reason.CLAIM_LEAVING,
         "Meanwhile nothing is changed or repaired."),
        ("so it does without credentials", secret_changed("links-credentials", None), "Reconciled", "False",
         Reason.CREDENTIALS_LOST, "nothing is changed or repaired."),
        ("the claim is gone", without("PersistentVolumeClaim", "links-database"), "DataPresent", "False",
         Reason.DATA_COMING, "is being made"),
        ("the data is there", lambda seen: seen, "DataPresent", "True", Reason.DATA_KEPT, "holds the data"),
    ],
)  # fmt: skip
def test_conditions(sentence: str, spoil: Spoiling, name: str, status: str, reason: str, words: str) -> None:
    decision = decide(GOOD, spoil(SEEN), NOW)
    said = condition(decision, name)
    assert (said[0], said[1]) == (status, reason)
    assert words in said[2]


def test_of_web_pods_that_are_not_ready_the_newest_is_named_with_its_log() -> None:
    ready = RUNNING | {"conditions": [{"type": "Ready", "status": "True"}]}
    spoil = all_of(
        WEB_DOWN,
        with_pod("web", REVISION, RUNNING, "an-older-pod"),
        with_pod("web", REVISION, RUNNING, "a-newer-pod", born="2026-01-01T10:00:00Z"),
        with_pod("web", REVISION, ready, "a-ready-pod", born="2026-01-01T11:00:00Z"),
    )
    assert condition(decide(GOOD, spoil(SEEN), NOW), "Ready")[2] == (
        "0 of 1 web pods ready. The log of pod a-newer-pod may say why (kubectl -n default logs a-newer-pod)."
    )


def test_web_pods_that_are_ready_and_too_few_are_not_blamed() -> None:
    ready = with_pod("web", REVISION, {"conditions": [{"type": "Ready", "status": "True"}]})
    assert condition(decide(GOOD, all_of(WEB_DOWN, ready)(SEEN), NOW), "Ready")[2] == "0 of 1 web pods ready."


def test_lost_credentials_touch_nothing_and_keep_the_status() -> None:
    decision = decide(GOOD, secret_changed("links-credentials", None)(SEEN), NOW)
    assert decision.actions == ()
    assert decision.status["revision"] == {"stable": REVISION}


def test_fewer_pods_than_asked_for_is_said() -> None:
    resource, seen = settled({"replicas": {"min": 2}})
    revision = resource.status.revision.stable
    spoil = changed("Deployment", f"links-web-{revision}", {"status": {"readyReplicas": 1}})
    assert condition(decide(resource, spoil(seen), NOW), "Ready")[:2] == ("True", Reason.SERVING_PARTLY)


OUTSIDE, OUTSIDE_SEEN = settled(EXTERNAL, my_database=["owner-uri", "app-uri"], my_cache=["uri"])


@pytest.mark.parametrize(
    ("sentence", "spoil", "words"),
    [
        ("no database Secret", secret_changed("my-database", None),
         "Secret my-database, named in spec.database.external.secretRef, does not exist"),
        ("a key too few", secret_changed("my-database", {"data": {"app-uri": None}}), "lacks app-uri"),
        ("no cache Secret", secret_changed("my-cache", None), "create secret generic my-cache --from-literal=uri=…"),
    ],
)  # fmt: skip
def test_a_missing_secret_is_named(sentence: str, spoil: Spoiling, words: str) -> None:
    said = condition(decide(OUTSIDE, spoil(OUTSIDE_SEEN), NOW), "Ready")
    assert said[:2] == ("False", Reason.SECRET_MISSING)
    assert words in said[2]


def test_external_data_is_elsewhere() -> None:
    decision = decide(OUTSIDE, OUTSIDE_SEEN, NOW)
    assert condition(decision, "Ready")[:2] == ("True", Reason.SERVING)
    assert condition(decision, "DataPresent")[:2] == ("True", Reason.DATA_ELSEWHERE)


@pytest.mark.parametrize(
    ("status", "ready", "words"),
    [
        ({"readyInstances": 1}, "True", "serves"),
        ({"readyInstances": None, "phase": "Setting up primary"}, "False", "Setting up primary"),
        ({"readyInstances": None, "phase": None}, "False", "is its operator installed?"),
    ],
)
def test_a_cluster_of_cloud_native_pg(status: dict[str, Any], ready: str, words: str) -> None:
    resource, seen = settled(CLOUD_NATIVE_PG)
    cluster = changed("Cluster", "links-database", {"status": status})(seen)
    said = condition(decide(resource, cluster, NOW), "Ready")
    assert said[0] == ready
    assert words in said[2]


def test_a_slow_first_start_is_still_under_way() -> None:
    young = GOOD.status.rollout.model_copy(update={"since": "2026-01-01T11:55:00Z", "reason": "FirstRelease"})
    resource = replace(GOOD, status=GOOD.status.model_copy(update={"rollout": young}))
    said = condition(decide(resource, WEB_DOWN(SEEN), NOW), "Progressing")
    assert said[:2] == ("True", Reason.WEB_NOT_READY)


def test_the_gateway_is_waited_for() -> None:
    spoil = changed("HTTPRoute", ROUTE, {"status": {"parents": []}})
    said = condition(decide(replace(GOOD), spoil(SEEN), NOW), "Ready")
    assert said[1] == "GatewayHasNotAnswered"
