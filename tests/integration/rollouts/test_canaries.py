"""Whole rollouts, and candidates that are ill: operator, API server, controllers and what pods count are real."""

import time

import pytest

from dev.floor import Fate, Outcome
from tests.integration.rollouts.conftest import Stage
from tests.support.operator_process import until
from tests.support.rig.kubelet import Kubelet
from tests.support.rig.place import AVAILABILITY, FAST, Place
from tests.support.rig.pods import Behaviour
from tests.support.rig.releases import HELD, NEW, STEP, held, is_promoted, is_taken_back
from toprope.core.objects import DEPLOYMENT


def test_a_healthy_candidate_is_promoted_without_prometheus(place: Place) -> None:
    before = place.now.stable
    place.release(NEW, steps=[{"weight": "10%", "hold": "1s"}, STEP])
    is_promoted(place)
    moments = place.crowd.history.moments
    candidate = place.now.stable
    shares = [one.share_of(candidate) for one in moments]
    assert list(dict.fromkeys(shares)) == [0, 10_000, 50_000, 100_000], "no step is skipped or repeated"
    assert shares == sorted(shares)
    assert candidate != before
    place.becomes(lambda one: one.phase == "Idle" and one.stable == candidate)
    until(lambda: place.find(DEPLOYMENT, f"links-web-{before}") is None)


@pytest.mark.parametrize(
    ("behaviour", "slo"),
    [
        (Behaviour(bad=0.2), AVAILABILITY["name"]),
        (Behaviour(bad=1.0, routes=("api",)), AVAILABILITY["name"]),
        (Behaviour(slow=0.5), FAST["name"]),
    ],
    ids=["fails a fifth", "ready but 500 on one route", "slow but not failing"],
)
def test_a_bad_candidate_is_taken_back(behaviour: Behaviour, slo: str, place: Place) -> None:
    place.crowd.candidate = behaviour
    begins = place.release(NEW, **HELD)
    routed = place.becomes(lambda one: one.weight == "50%" and one.accepted and len(one.routed) == 2, since=begins)
    assert is_taken_back(place, routed.at) == "WorseThanStable"
    assert place.message.startswith(f"{slo}: ")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(hangs=True), "CandidateHangs"),
        (Behaviour(refuses=True), "CandidateDoesNotAnswer"),
        (Behaviour(is_silent=True), "CandidateDoesNotAnswer"),
    ],
    ids=["hangs on every request", "refuses connections", "accepts and is silent"],
)
def test_a_candidate_that_no_counter_shows_to_be_ill_fails(behaviour: Behaviour, reason: str, place: Place) -> None:
    held(place)
    began = time.monotonic()
    place.crowd.candidate = behaviour
    assert is_taken_back(place, began) == reason


@pytest.mark.parametrize(("end", "loops"), [("Error", True), ("OOMKilled", False)])
def test_a_candidate_that_crashes_fails(end: str, loops: bool, place: Place, kubelet: Kubelet) -> None:
    candidate = held(place).candidate
    began = time.monotonic()
    kubelet.ends(place.rig.pods(place.namespace, candidate)[0], end, loops=loops)
    assert is_taken_back(place, began) == "CandidateCrashes"
    assert end == "Error" or end in place.message


def test_a_candidate_that_loses_its_readiness_fails(place: Place, kubelet: Kubelet) -> None:
    candidate = held(place).candidate
    began = time.monotonic()
    kubelet.is_unready(place.rig.pods(place.namespace, candidate)[0])
    assert is_taken_back(place, began) == "CandidateLostReadiness"


def test_one_that_is_good_for_a_while_and_then_bad_is_taken_back(place: Place) -> None:
    held(place)
    passed = place.becomes(lambda one: one.verdict == "Pass,Pass" and one.reason == "HoldNotOver")
    time.sleep(max(0.0, passed.at + 5 - time.monotonic()))
    began = time.monotonic()
    place.crowd.candidate = Behaviour(bad=0.1)
    assert is_taken_back(place, began) == "WorseThanStable"


def test_one_that_turns_bad_in_its_bake_is_taken_back(place: Place) -> None:
    place.release(NEW, steps=[STEP], bake="10m")
    place.becomes(lambda one: one.phase == "Baking" and one.reason == "Baking")
    began = time.monotonic()
    place.crowd.candidate = Behaviour(bad=0.2)
    assert is_taken_back(place, began) == "WorseThanStable"


def test_one_that_is_better_than_stable_is_promoted(place: Place) -> None:
    place.crowd.stable = Behaviour(bad=0.05)
    place.release(NEW)
    is_promoted(place)


def test_where_both_are_ill_the_candidate_waits(place: Place) -> None:
    place.crowd.stable = place.crowd.candidate = Behaviour(bad=0.3)
    place.release(NEW)
    waits = place.becomes(lambda one: one.reason == "WorldIll")
    time.sleep(5)
    assert (place.now.phase, place.now.share_of(waits.candidate)) == ("Holding", 50_000)


@pytest.mark.parametrize(
    ("fate", "reason"),
    [
        (Fate(Outcome.WAITS, "ContainerCreating", ""), "WebNotReady"),
        (Fate(Outcome.WAITS, "CrashLoopBackOff", "back-off"), "CrashLooping"),
        (Fate(Outcome.UNSCHEDULABLE, "Unschedulable", "0/1 nodes fit"), "PodNotScheduled"),
    ],
    ids=["never ready", "crash loops", "unschedulable"],
)
def test_a_candidate_that_never_gets_ready_fails_and_says_why(
    fate: Fate, reason: str, place: Place, stage: Stage
) -> None:
    stage.rig.floor.decree(f"{place.namespace}/links-web", fate)
    stable = place.now.stable
    began = place.release(NEW, readyWithin="20s")
    failed = place.goes("Failed", since=began)
    assert (failed.reason, failed.share_of(stable)) == ("NotReadyInTime", 100_000)
    assert place.said("Progressing").startswith(reason)
    stage.rig.floor.decree(f"{place.namespace}/links-web", None)
    is_promoted(place, since=place.goes("Preparing", since=failed.at).at)
