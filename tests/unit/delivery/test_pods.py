"""What a pod's object says of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from toprope.delivery.pods import Pod, pod_of


def a_pod(*containers: dict[str, Any], **status: Any) -> dict[str, Any]:
    """One that runs and is well, but for what is said."""
    told = {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": list(containers) or [web()], **status}
    return {"metadata": {"uid": "u", "name": "web-1"}, "spec": {"nodeName": "n"}, "status": told}


def web(**more: Any) -> dict[str, Any]:
    return {"name": "web", "ready": True, "restartCount": 0, **more}


def ended(reason: str, code: int = 1, at: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    return {"terminated": {"reason": reason, "exitCode": code, "finishedAt": at}}


def test_one_that_is_well() -> None:
    assert pod_of(a_pod()) == Pod("u", "web-1", "10.0.0.1", "n", is_leaving=False, is_ready=True, restarts=0)


def test_one_that_nobody_has_placed_yet() -> None:
    young = {"metadata": {"uid": "u", "name": "web-1"}, "spec": {}}
    assert pod_of(young) == Pod("u", "web-1", "", "", is_leaving=False, is_ready=False, restarts=0)


@pytest.mark.parametrize(
    ("sentence", "pod", "is_leaving"),
    [
        ("it runs", a_pod(), False),
        ("it was deleted", {**a_pod(), "metadata": {"uid": "u", "name": "w", "deletionTimestamp": "now"}}, True),
        ("it is evicted", a_pod(conditions=[{"type": "DisruptionTarget", "status": "True"}]), True),
        ("it is not evicted after all", a_pod(conditions=[{"type": "DisruptionTarget", "status": "False"}]), False),
        ("it ended with its node", a_pod(phase="Failed"), True),
    ],
)
def test_who_is_taken_away_leaves(sentence: str, pod: dict[str, Any], is_leaving: bool) -> None:
    assert pod_of(pod).is_leaving is is_leaving, sentence


@pytest.mark.parametrize(
    ("sentence", "pod", "is_ready"),
    [
        ("all containers are", a_pod(web(), web()), True),
        ("one is not", a_pod(web(), web(ready=False)), False),
        (
            "its node is lost, and its kubelet said nothing",
            a_pod(conditions=[{"type": "Ready", "status": "False"}]),
            True,
        ),
    ],
)
def test_readiness_is_its_kubelets_word(sentence: str, pod: dict[str, Any], is_ready: bool) -> None:
    assert pod_of(pod).is_ready is is_ready, sentence


def test_an_address_is_one_only_while_it_runs() -> None:
    assert pod_of(a_pod(phase="Succeeded")).address == ""


@pytest.mark.parametrize(
    ("sentence", "containers", "told"),
    [
        ("it never ended", [web()], (0, "", False, False)),
        (
            "memory ran out",
            [web(restartCount=1, lastState=ended("OOMKilled", 137))],
            (1, "OOMKilled, exit code 137", False, False),
        ),
        ("it ended by itself", [web(restartCount=2, lastState=ended("Error", 3))], (2, "exit code 3", False, False)),
        (
            "it waits, and its end is its state",
            [web(restartCount=1, state=ended("Error", 1), lastState=ended("OOMKilled"))],
            (1, "exit code 1", False, False),
        ),
        (
            "the last end of two counts",
            [web(restartCount=1, lastState=ended("Error", 1)), web(lastState=ended("Error", 2, at="2026-02-01"))],
            (1, "exit code 2", False, False),
        ),
        (
            "its node began anew",
            [web(restartCount=1, lastState=ended("Unknown", 255))],
            (1, "Unknown, exit code 255", True, False),
        ),
        (
            "it is given time",
            [web(restartCount=3, state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended("Error"))],
            (3, "exit code 1", False, True),
        ),
    ],
)
def test_how_it_ended(sentence: str, containers: list[Any], told: tuple[Any, ...]) -> None:
    pod = pod_of(a_pod(*containers))
    assert (pod.restarts, pod.ended, pod.lost_with_node, pod.loops) == told, sentence


def test_when_it_ended() -> None:
    assert pod_of(a_pod(web(restartCount=1, lastState=ended("Error")))).ended_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert pod_of(a_pod()).ended_at is None


def test_one_that_never_gets_past_its_beginning_loops() -> None:
    assert pod_of(a_pod(initContainerStatuses=[{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}])).loops
