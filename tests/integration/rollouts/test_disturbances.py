"""What happens around a rollout whose candidate is well: gateway, quota, operators, nodes and people. Nobody is taken
back for what is not the candidate's fault, and no step is skipped or repeated."""

import asyncio
import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from dev.floor import Fate, Outcome
from tests.integration.rollouts.conftest import Stage
from tests.support.operator_process import until
from tests.support.rig.by_hand import by_hand
from tests.support.rig.history import Moment
from tests.support.rig.kubelet import Kubelet
from tests.support.rig.place import Place
from tests.support.rig.pods import Behaviour
from tests.support.rig.releases import HELD, NEW, STEP, held, is_promoted, is_taken_back
from toprope.core.objects import CLAIM, DEPLOYMENT, HTTP_ROUTE, POD, SECRET, Manifest
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

LASTING = 8.0
"""Seconds after which every fact would have been found."""


def route_of(place: Place) -> Manifest:
    found = place.rig.route(place.namespace)
    assert found
    return found


def stays(place: Place, phase: str, seconds: float) -> None:
    """In this phase, whatever happens meanwhile."""
    began = time.monotonic()
    time.sleep(seconds)
    assert {one.phase for one in [*place.crowd.history.since(began), place.now]} == {phase}


def steps(place: Place) -> list[int]:
    """Those of the candidate, as the status had them."""
    return list(dict.fromkeys(one.step for one in place.crowd.history.moments if one.candidate))


def test_a_gateway_that_is_slow_to_accept_is_waited_for(place: Place, kubelet: Kubelet) -> None:
    kubelet.hold(f"{place.namespace}/{route_of(place)['metadata']['name']}")
    place.release(NEW)
    place.becomes(lambda one: one.phase == "Shifting" and one.reason == "RouteNotMoved")
    stays(place, "Shifting", LASTING)
    kubelet.let_go()
    is_promoted(place)
    assert steps(place) == [0, 1, 2]


def test_a_gateway_that_refuses_the_route_is_quoted_and_waited_for(place: Place, stage: Stage) -> None:
    held(place)
    name = f"{place.namespace}/{route_of(place)['metadata']['name']}"
    refused = time.monotonic()
    stage.rig.floor.decree(name, Fate(Outcome.FAILS, "NotAllowedByListeners", "no listener fits"))
    place.becomes(lambda one: one.reason == "RouteNotMoved", since=refused)
    stays(place, "Shifting", LASTING)
    assert "no listener fits" in place.said("RouteAccepted")
    stage.rig.floor.decree(name, None)
    place.release({}, steps=[STEP])
    is_promoted(place, since=refused)


def test_a_quota_is_said(place: Place) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small", "namespace": place.namespace}}
    place.rig.floor.api.apply({**quota, "spec": {"hard": {"requests.memory": "1Gi"}}})
    began = place.release({"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "2Gi"}}})
    until(lambda: place.said("Progressing").startswith("PodsRefused"), 60 - (time.monotonic() - began))
    assert "exceeded quota" in place.said("Progressing")
    assert place.now.phase == "Preparing"


def test_an_operator_that_comes_back_in_mid_step_goes_on(place: Place, stage: Stage) -> None:
    place.release(NEW, steps=[{"weight": "50%", "hold": "8s"}])
    place.goes("Holding")
    is_away(stage, 8.0)
    is_promoted(place)
    assert steps(place) == [0, 1, 2]


def test_an_operator_that_comes_back_to_a_bad_candidate_takes_it_back(place: Place, stage: Stage) -> None:
    place.release(NEW, steps=[{"weight": "50%", "hold": "8s"}])
    place.goes("Holding")
    place.crowd.candidate = Behaviour(bad=0.2)
    back = is_away(stage, 10.0)
    assert is_taken_back(place, back) == "WorseThanStable"


def is_away(stage: Stage, seconds: float) -> float:
    """The operator is killed, and another one is started after a while; when it is ready."""
    is_gone(stage)
    time.sleep(seconds)
    return comes_back(stage)


def is_gone(stage: Stage) -> None:
    assert stage.operator
    stage.operator.kill()
    stage.operator.wait()


def comes_back(stage: Stage) -> float:
    stage.operator = stage.start_operator()
    until(lambda: stage.operator and stage.operator.answers("/readyz"))
    return time.monotonic()


def test_a_second_operator_that_stalls_and_writes_late_does_no_harm(place: Place, stage: Stage) -> None:
    second = stage.start_operator()
    try:
        until(lambda: second.answers("/readyz"))
        held(place)
        time.sleep(2)
        second.process.send_signal(signal.SIGSTOP)
        place.crowd.candidate, began = Behaviour(bad=0.5), time.monotonic()
        is_taken_back(place, began)
        late = time.monotonic()
        second.process.send_signal(signal.SIGCONT)
        place.goes("Failed", since=began)
        stays(place, "Failed", 3.0)
        assert all(one.share_of(one.stable) == 100_000 for one in place.crowd.history.since(late))
    finally:
        second.kill()
        second.wait()


def test_pods_that_are_taken_away_on_purpose_fail_nobody(place: Place, kubelet: Kubelet) -> None:
    place.release({"replicas": {"min": 2, "max": 4}})
    until(lambda: len(place.rig.pods(place.namespace)) == 2)
    candidate = held(place).candidate
    for take_away in (deleted, evicted, shrunken):
        scale(place, candidate, 3)
        # Terminating pods stay for a while.
        kubelet.hold(f"{place.namespace}/links-web-{candidate}")
        take_away(place, candidate)
        until(lambda: len(alive(place, candidate)) < len(place.rig.pods(place.namespace, candidate)))
        time.sleep(LASTING)
        assert place.now.phase in ("Holding", "Shifting")
        kubelet.let_go()
        until(lambda: len(alive(place, candidate)) == len(place.rig.pods(place.namespace, candidate)))
    place.release({}, steps=[STEP])
    is_promoted(place)


def scale(place: Place, revision: str, replicas: int) -> None:
    """As an autoscaler does."""
    place.patch(DEPLOYMENT, f"links-web-{revision}", {"spec": {"replicas": replicas}}, "/scale")
    until(lambda: ready(place, revision) == replicas)


def ready(place: Place, revision: str) -> int:
    live = place.find(DEPLOYMENT, f"links-web-{revision}") or {}
    return int(live.get("status", {}).get("readyReplicas", 0))


def deleted(place: Place, revision: str) -> None:
    place.delete(POD, place.rig.pods(place.namespace, revision)[0]["metadata"]["name"])


def evicted(place: Place, revision: str) -> None:
    """As a drain of its node does."""
    name = place.rig.pods(place.namespace, revision)[0]["metadata"]["name"]
    metadata = {"name": name, "namespace": place.namespace}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    place.rig.floor.api.request("POST", f"{POD.path(place.namespace, name)}/eviction", eviction)


def shrunken(place: Place, revision: str) -> None:
    place.patch(DEPLOYMENT, f"links-web-{revision}", {"spec": {"replicas": 2}}, "/scale")


def alive(place: Place, revision: str) -> list[Manifest]:
    pods = place.rig.pods(place.namespace, revision)
    return [one for one in pods if "deletionTimestamp" not in one["metadata"]]


def test_a_route_that_somebody_edits_is_put_right(place: Place) -> None:
    candidate = held(place).candidate
    rules = route_of(place)["spec"]["rules"]
    for backend in rules[0]["backendRefs"]:
        backend["weight"] = 100_000 if backend["name"].endswith(candidate) else 0
    edited = time.monotonic()
    place.patch(HTTP_ROUTE, route_of(place)["metadata"]["name"], {"spec": {"rules": rules}})
    place.becomes(lambda one: one.share_of(candidate) == 100_000, since=edited)
    right = place.becomes(lambda one: one.share_of(candidate) == 50_000, 10, edited)
    assert place.goes("Holding", since=right.at)
    # What a person wrote, no status allowed.
    place.crowd.history.moments.clear()


def test_a_deployment_that_somebody_edits_is_put_right(place: Place) -> None:
    candidate = held(place).candidate
    name, edited = f"links-web-{candidate}", time.monotonic()
    live = place.find(DEPLOYMENT, name)
    assert live
    containers = live["spec"]["template"]["spec"]["containers"]
    image = containers[0]["image"]
    place.patch(DEPLOYMENT, name, {"spec": {"template": {"spec": {"containers": [{**containers[0], "image": "x"}]}}}})
    until(lambda: (place.find(DEPLOYMENT, name) or live)["spec"]["template"]["spec"]["containers"][0]["image"] == image)
    time.sleep(LASTING)
    place.release({}, steps=[STEP])
    is_promoted(place, since=edited)


def test_a_spec_that_changes_five_times_ends_with_the_last_one(place: Place) -> None:
    place.release(NEW, **HELD)
    place.goes("Holding")
    stable = place.now.stable
    for length in (10, 11, 12, 13, 14):
        last = place.release({"settings": {"slugLength": length}}, steps=[STEP])
        time.sleep(0.7)
    place.becomes(lambda one: one.phase == "Idle" and one.stable not in ("", stable), 90, last)
    live = place.find(SHORTENER_APP.resource, "links")
    assert live
    assert live["spec"]["settings"]["slugLength"] == 14
    assert [one.stable for one in served(place)] == [stable, place.now.stable]
    assert "Failed" not in [one.phase for one in place.crowd.history.moments]


def served(place: Place) -> list[Moment]:
    """The first moment of each stable revision."""
    found = {one.stable: one for one in reversed(place.crowd.history.moments) if one.stable}
    return sorted(found.values(), key=lambda one: one.at)


@pytest.mark.parametrize("hours", [1, -1], ids=["forward", "back"])
async def test_a_clock_that_jumps_decides_nothing(hours: int, place: Place, stage: Stage) -> None:
    is_gone(stage)
    async with by_hand(stage.rig.floor, place.namespace) as clock:
        place.release(NEW, steps=[{"weight": "50%", "hold": "3s"}])
        await asyncio.to_thread(place.goes, "Holding")
        clock.leapt += timedelta(hours=hours)
        await asyncio.to_thread(is_promoted, place)
    comes_back(stage)
    assert steps(place) == [0, 1, 2]
    assert all("Pass,Pass" in one.verdict for one in place.crowd.history.moments if one.reason == "StepPassed")


async def test_ten_minutes_without_an_operator_prove_nothing(place: Place, stage: Stage) -> None:
    is_gone(stage)
    place.release(NEW, steps=[{"weight": "50%", "hold": "2m"}])
    async with by_hand(stage.rig.floor, place.namespace):
        await asyncio.to_thread(place.becomes, lambda one: one.verdict == "Pass,Pass" and one.phase == "Holding")
    async with by_hand(stage.rig.floor, place.namespace) as clock:
        clock.leapt += timedelta(minutes=10)
        await asyncio.sleep(LASTING)
        assert place.now.phase in ("Holding", "Shifting")
        assert place.now.step == 1
        place.crowd.candidate, began = Behaviour(bad=0.2), time.monotonic()
        assert await asyncio.to_thread(is_taken_back, place, began) == "WorseThanStable"
    comes_back(stage)


def test_a_stable_that_grows_in_mid_step_takes_the_candidate_with_it(place: Place) -> None:
    moment = held(place)
    scale(place, moment.stable, 3)
    until(lambda: ready(place, moment.candidate) == 3)
    grown = time.monotonic()
    place.release({}, steps=[STEP])
    is_promoted(place, since=grown)


@pytest.mark.parametrize("phase", ["Holding", "RollingBack"])
def test_a_resource_that_is_deleted_in_mid_rollout_leaves_its_data_alone(phase: str, place: Place) -> None:
    candidate = held(place).candidate
    if phase == "RollingBack":
        place.annotate(abort=candidate)
        place.goes(phase)
    place.delete(SHORTENER_APP.resource, "links")
    until(lambda: place.find(SHORTENER_APP.resource, "links") is None)
    until(lambda: not _left(place, DEPLOYMENT.path, HTTP_ROUTE.path))
    assert place.find(SECRET, "links-credentials")
    assert place.find(CLAIM, "links-database")


def _left(place: Place, *paths: Callable[[str], str]) -> list[Manifest]:
    return [one for path in paths for one in place.rig.floor.api.get(path(place.namespace))["items"]]
