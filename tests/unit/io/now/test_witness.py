"""What fails a candidate by itself, as the looks of a whole trial have it."""

from datetime import timedelta

import pytest

from tests.support.trials import CANDIDATE, NOW, STABLE, PaperPod, Stage, a_stage
from toprope.core.conditions import timestamp
from toprope.delivery.trial import FaultReason


@pytest.mark.parametrize(
    ("sentence", "reason", "ago", "is_one"),
    [
        ("it crashed in this step, and the operator died of it", "OOMKilled", -1, True),
        ("it crashed before", "OOMKilled", 1, False),
        ("its node began anew", "Unknown", -1, False),
    ],
)
async def test_a_crash_that_an_earlier_operator_saw_is_one(sentence: str, reason: str, ago: int, is_one: bool) -> None:
    at = timestamp(NOW - timedelta(seconds=ago))
    ended = {"terminated": {"reason": reason, "exitCode": 137, "finishedAt": at}}
    async with a_stage() as stage:
        await stage.pod(CANDIDATE, restarts=3, status={"container": {"lastState": ended}})
        await stage.pod(STABLE, restarts=3)
        stage.ask(rollout="another try", since=NOW)
        for _ in range(16):
            fault = (await stage.later()).fault
        assert (fault is not None) is is_one, sentence
        assert fault is None or "restarted once" in fault.message


async def test_a_restart_that_stable_shared_is_no_fault_then_nor_later() -> None:
    async with a_stage() as stage:
        pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        other.restarts = pod.restarts = 1
        found = [await stage.later(2) for _ in range(14)]
        assert {one.fault for one in found} == {None}
        pod.restarts = 2
        assert await stage.until(lambda one: one.fault)


async def test_a_fault_stays_when_its_pod_has_gone() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.pod(CANDIDATE)
        stage.ask()
        await stage.later()
        pod.restarts = 1
        assert await stage.until(lambda one: one.fault)
        stage.cluster.pods.remove(pod)
        assert (await stage.later(2)).fault


def loops(pod: PaperPod, restarts: int) -> None:
    """It has ended so often, and waits to begin anew."""
    pod.restarts, pod.ready, pod.fails = restarts, False, "cuts"
    pod.states = {"waiting": {"reason": "CrashLoopBackOff"}}


async def test_pods_of_both_sides_that_fall_together_and_come_back_minutes_later_are_no_fault() -> None:
    async with a_stage() as stage:
        pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        # Each has a back-off of its own.
        for second in range(150):
            loops(pod, 1 + second // 50)
            loops(other, 1 + second // 60)
            assert (await stage.later()).fault is None
        for one in (other, pod):
            one.restarts, one.ready, one.fails, one.states = one.restarts + 1, True, "", {}
            assert (await stage.later(5)).fault is None
        for _ in range(12):
            assert (await stage.later(2)).fault is None
        pod.restarts += 1
        assert await stage.until(lambda one: one.fault)


async def both_lose_readiness(stage: Stage, lag: int, lasts: int) -> FaultReason | None:
    """Stable first, and both are back as far apart."""
    pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
    stage.ask()
    await stage.later()
    for second in range(lasts + lag + 20):
        other.ready, pod.ready = second >= lasts, not lag <= second < lasts + lag
        fault = (await stage.later()).fault
        if fault:
            return fault.reason
    return None


@pytest.mark.parametrize("lag", [0, 1, 2, 4])
async def test_what_both_stand_on_is_away_for_a_minute(lag: int) -> None:
    async with a_stage() as stage:
        assert await both_lose_readiness(stage, lag, 60) is None


async def test_one_that_does_not_come_back_with_stable_has_lost_its_readiness() -> None:
    async with a_stage() as stage:
        assert await both_lose_readiness(stage, 12, 30) is FaultReason.LOST_READINESS


async def silent_for(seconds: int, renews: bool, ready: str = "True") -> FaultReason | None:
    """What comes of a candidate on node `n` that falls silent."""
    async with a_stage(nodes=True) as stage:
        pod = await stage.pod(CANDIDATE, node="n")
        await stage.pod(STABLE, node="m")
        stage.cluster.has_node("n", ready, "0")
        stage.ask()
        await stage.later()
        pod.fails = "cuts"
        for second in range(seconds):
            stage.cluster.has_node("n", ready, str(second // 6) if renews else "0")
            await stage.later()
        fault = stage.ask().fault
        return fault.reason if fault else None


@pytest.mark.parametrize(
    ("sentence", "renews", "ready", "seconds", "fault"),
    [
        ("its node lives", True, "True", 14, FaultReason.DOES_NOT_ANSWER),
        ("its node is not heard of", False, "True", 25, None),
        ("its node is not ready", True, "False", 25, None),
        ("it was not silent for long", True, "True", 5, None),
    ],
)
async def test_a_silent_pod_is_accused_once_its_node_lives(
    sentence: str, renews: bool, ready: str, seconds: int, fault: FaultReason | None
) -> None:
    assert await silent_for(seconds, renews, ready) is fault, sentence


async def test_without_rights_on_nodes_a_silent_pod_is_accused_after_five_seconds() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE, node="n")
        await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        pod.fails = "cuts"
        for _ in range(6):
            await stage.look()
        looked = stage.ask()
        assert looked.fault
        assert looked.fault.reason is FaultReason.DOES_NOT_ANSWER


@pytest.mark.parametrize(("longest", "fault"), [(10.0, FaultReason.HANGS), (60.0, None)])
async def test_how_long_a_request_may_take_is_the_kinds_word(longest: float, fault: FaultReason | None) -> None:
    async with a_stage() as stage:
        await stage.pod(CANDIDATE, stuck=1, oldest=11.0)
        await stage.pod(STABLE)
        stage.ask(longest=longest)
        for _ in range(12):
            found = (await stage.later()).fault
    assert (found.reason if found else None) is fault
