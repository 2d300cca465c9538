"""Releases without a gateway's weights: probes and one switch, and shares of whole pods behind one Service."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.rollouts.conftest import Stage
from tests.support.operator_process import until
from tests.support.rig.history import unallowed
from tests.support.rig.place import SPEC, Place
from tests.support.rig.pods import Behaviour
from tests.support.rig.releases import NEW, is_promoted, is_taken_back
from toprope.core.objects import NETWORK_POLICY
from toprope.delivery.probes import PROBES
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

BLUE_GREEN: dict[str, Any] = {"strategy": "BlueGreen", "steps": None}
QUARTERS = [{"weight": "25%", "hold": "1s"}, {"weight": "50%", "hold": "1s"}]


def shares(place: Place, revision: str) -> list[int]:
    """What it got, one after the other, in parts of 100,000."""
    return list(dict.fromkeys(one.share_of(revision) for one in place.crowd.history.moments))


def probed(place: Place, revision: str) -> list[int]:
    """How many requests that are no users' each of its pods had."""
    pods = place.rig.pods(place.namespace, revision)
    return [place.rig.answers.pod(one["status"]["podIP"]).probed for one in pods]


def test_blue_green_probes_first_and_switches_once(place: Place) -> None:
    place.release({"replicas": {"min": 2, "max": 4}})
    until(lambda: len(place.rig.pods(place.namespace)) == 2)
    place.release(NEW, **BLUE_GREEN)
    candidate = place.becomes(lambda one: one.phase == "Baking").candidate
    # One more to each pod, to see that it can be reached.
    assert probed(place, candidate) == [PROBES / 2 + 1] * 2
    is_promoted(place)
    assert shares(place, candidate) == [0, 100_000]


def test_a_candidate_that_fails_its_probes_never_has_a_user(place: Place) -> None:
    place.crowd.candidate = Behaviour(bad=0.1)
    begins = place.release(NEW, **BLUE_GREEN)
    failed = place.goes("Failed", since=begins)
    assert failed.reason == "ProbesFailed"
    assert "availability: 20 bad of 200 probes (20 answered 500)" in place.message
    assert shares(place, failed.candidate) == [0]
    place.crowd.candidate = Behaviour()
    place.annotate(retry=failed.candidate)
    is_promoted(place, since=place.goes("Preparing", since=failed.at).at)


def test_a_candidate_that_no_probe_can_reach_is_given_up(place: Place) -> None:
    place.crowd.candidate = Behaviour(refuses=True)
    begins = place.release(NEW, **BLUE_GREEN, readyWithin="10s")
    place.becomes(lambda one: one.reason == "Probing", since=begins)
    until(lambda: place.find(NETWORK_POLICY, "links-probes") is not None)
    failed = place.goes("Failed", since=begins)
    assert failed.reason == "ProbesUnanswered"
    assert "port 8000" in place.message
    assert shares(place, failed.candidate) == [0]
    until(lambda: place.find(NETWORK_POLICY, "links-probes") is None)


def test_one_that_turns_bad_after_the_switch_is_taken_back(place: Place) -> None:
    place.release(NEW, **BLUE_GREEN, bake="10m")
    place.becomes(lambda one: one.phase == "Baking" and one.reason == "Baking")
    began = time.monotonic()
    place.crowd.candidate = Behaviour(bad=0.2)
    assert is_taken_back(place, began) == "WorseThanStable"


@pytest.fixture
def unrouted(stage: Stage) -> Iterator[Place]:
    """Three pods behind a Service, and no gateway."""
    rollout = {"steps": QUARTERS, "bake": "1s"}
    spec = {key: value for key, value in SPEC.items() if key != "traffic"}
    one = stage.begin({**spec, "replicas": {"min": 3, "max": 3}, "rollout": rollout})
    until(one.is_made)
    yield one
    assert unallowed(one.crowd.history.moments) == []


def test_pods_share_requests_where_there_is_no_gateway(unrouted: Place) -> None:
    unrouted.release(NEW)
    candidate = unrouted.goes("Holding").candidate
    is_promoted(unrouted)
    had = shares(unrouted, candidate)
    # A pod more at a time; never more than the status allows is looked at in the end.
    assert had == sorted(had)
    assert {0, 25_000, 50_000, 100_000} <= set(had)


def test_the_service_takes_back_one_that_is_bad(unrouted: Place) -> None:
    stable = unrouted.now.stable
    unrouted.release(NEW, steps=[{"weight": "10%", "hold": "10m"}])
    held = unrouted.goes("Holding")
    live = unrouted.find(SHORTENER_APP.resource, "links")
    assert live
    assert live["status"]["rollout"]["coarse"] == "wanted 10%, 1 of 4 pods is 25%"
    began = time.monotonic()
    unrouted.crowd.candidate = Behaviour(bad=0.3)
    assert is_taken_back(unrouted, began) == "WorseThanStable"
    assert shares(unrouted, held.candidate) == [0, 25_000]
    assert unrouted.now.routed == {stable: 100_000}
