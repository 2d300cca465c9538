"""Trials that are looked at: who is asked, what is counted, when a bell rings."""

import asyncio
from contextlib import suppress

import pytest

from tests.support.trials import AVAILABILITY, CANDIDATE, FAULTY, NOW, STABLE, WEB, a_resource, a_stage
from toprope.core.errors import Transient
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.verdict import Reason, Verdict
from toprope.delivery.trial import FaultReason
from toprope.engine.one_pass import LONGEST_PASS
from toprope.engine.pause import LONGEST_PAUSE
from toprope.io.now.scrape import FORGOTTEN_AFTER


async def test_nobody_is_asked_before_somebody_asks() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.look()
        assert (pod.asked, stage.cluster.lists) == (0, 0)


async def test_the_first_answer_comes_from_memory() -> None:
    async with a_stage() as stage:
        looked = stage.ask()
    assert (looked.at, looked.source, looked.fault) == (None, "", None)
    assert looked.blind == "Nobody has been looked at yet."
    assert {slo: (one.verdict, one.reason) for slo, one in looked.judged.items()} == {
        "availability": (Verdict.UNDECIDED, Reason.NO_REQUESTS),
        "fast": (Verdict.UNDECIDED, Reason.NO_REQUESTS),
    }


async def test_requests_of_both_sides_are_counted_from_the_first_look_on() -> None:
    async with a_stage() as stage:
        pods = [await stage.pod(CANDIDATE, good=500), await stage.pod(STABLE, good=9000), await stage.pod(STABLE)]
        stage.ask()
        await stage.later()
        pods[0].good += 10
        pods[0].bad += 2
        pods[1].good += 70
        pods[2].slow += 20
        looked = await stage.later()
    assert (looked.candidate, looked.stable) == (Counts(12, 2), Counts(90, 0))
    assert (looked.source, looked.blind, looked.lost) == ("Pods", "", {"availability": 2, "fast": 2})
    assert looked.at
    assert (looked.at - NOW).total_seconds() == 2
    told = {slo: one.evidence for slo, one in looked.judged.items()}
    assert told["availability"]["candidate"] == {"total": 12, "bad": 2}
    assert told["fast"]["stable"] == {"total": 90, "bad": 20}


async def test_one_list_finds_the_pods_of_both_sides_and_is_two_seconds_old_at_most() -> None:
    async with a_stage() as stage:
        await stage.pod(CANDIDATE)
        stage.ask()
        for _ in range(4):
            await stage.later()
    assert stage.cluster.selectors == [WEB, WEB]


def test_a_trial_outlives_the_longest_trouble_of_whoever_asks() -> None:
    assert FORGOTTEN_AFTER > LONGEST_PASS + LONGEST_PAUSE


async def test_a_trial_that_nobody_asks_about_is_forgotten() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        stage.ask()
        await stage.look(FORGOTTEN_AFTER)
        assert pod.asked == 1
        await stage.look(1)
        assert pod.asked == 1
        assert stage.ask().at is None


@pytest.mark.parametrize("changed", ["revision", "rollout"])
async def test_another_candidate_begins_anew(changed: str) -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        pod.good += 10
        assert (await stage.later()).candidate == Counts(10, 0)
        side = type(CANDIDATE)("newer", CANDIDATE.pods, CANDIDATE.service)
        again = stage.ask(candidate=side) if changed == "revision" else stage.ask(rollout="the second")
        assert (again.at, again.candidate) == (None, Counts())


async def test_users_requests_are_counted_anew_with_each_weight_and_step() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        stage.ask()
        await stage.later()
        for changed in ({"asked": 1}, {"step": 2}):
            pod.good += 5
            assert (await stage.later()).candidate == Counts(5, 0)
            assert stage.ask(**changed).candidate == Counts()


async def test_a_new_step_asks_for_its_own_pass_at_once() -> None:
    async with a_stage() as stage:
        pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        pod.good, other.good = 9000, 9000
        passed = await stage.later()
        assert passed.judged["availability"].verdict is Verdict.PASS
        assert stage.ask(step=2).judged["availability"].verdict is Verdict.UNDECIDED


async def test_the_bell_rings_once_when_a_verdict_is_new() -> None:
    async with a_stage() as stage:
        pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        await stage.look()
        pod.bad, other.good = 200, 9000
        await stage.look()
        await stage.look()
        assert stage.rung == [(("shop", "Tiny", "links"), "Now")]
        looked = stage.ask()
        assert looked.judged["availability"].verdict is Verdict.FAIL
        assert looked.lost["availability"] == 200


async def test_the_bell_is_silent_for_whom_has_been_told() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE, restarts=1)
        stage.ask()
        await stage.later()
        pod.restarts = 2
        looked = await stage.until(lambda one: one.fault)
        assert looked.fault
        assert looked.fault.reason is FaultReason.CRASHES
        await stage.later()
        assert len(stage.rung) == 1


@pytest.mark.parametrize("fails", FAULTY)
async def test_a_pod_that_does_not_tell_is_missing_and_nothing_else(fails: str) -> None:
    async with a_stage(patience=0.3 if fails == "hangs" else 10.0) as stage:
        await stage.pod(CANDIDATE, fails=fails)
        other = await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        other.good = 50
        looked = await stage.later()
        assert (looked.candidate, looked.stable, looked.blind) == (Counts(), Counts(), "")
        assert looked.fault is None
        looked = await stage.later(4)
        assert looked.blind.startswith(f"No pod of candidate tells what it counts at port {stage.port}. Of web-new-1: ")
        assert looked.judged["availability"].reason is Reason.NO_REQUESTS


async def test_stable_that_nobody_can_count_is_unknown_and_not_silent() -> None:
    async with a_stage() as stage:
        pod, other = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        other.fails = "garbage"
        pod.good += 10
        looked = await stage.later()
        assert looked.judged["availability"].reason is Reason.NO_STABLE
        assert looked.judged["availability"].evidence["stable"] is None
        assert (await stage.later(5)).blind.startswith("No pod of stable tells what it counts")


async def test_a_side_without_pods_is_said() -> None:
    async with a_stage() as stage:
        stage.ask()
        assert (await stage.later()).blind == "There is no pod of candidate."
        await stage.pod(CANDIDATE)
        assert (await stage.later(5)).blind == "There is no pod of stable."


async def test_pods_are_asked_on_while_the_api_server_is_away() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        stage.cluster.fails = Transient("The API server is away.")
        pod.good += 7
        looked = await stage.later(25)
        assert (looked.candidate, looked.blind) == (Counts(7, 0), "")
        await stage.later(25)
        assert (await stage.later(25)).blind == "The pods are not known. The API server is away."
        stage.cluster.fails = None
        pod.good += 7
        assert (await stage.later(2)).candidate == Counts(14, 0)


async def test_pods_that_were_never_listed_are_said() -> None:
    async with a_stage() as stage:
        stage.cluster.fails = Transient("No.")
        stage.ask()
        assert (await stage.later()).blind == "The pods are not known. No."


async def test_a_pod_that_came_later_counts_from_zero_and_one_that_restarted_too() -> None:
    async with a_stage() as stage:
        first = await stage.pod(CANDIDATE, good=1000)
        await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        await stage.pod(CANDIDATE, good=3)
        first.begin_anew()
        first.good = 1004
        assert (await stage.later(2)).candidate == Counts(1007, 0)


async def test_what_a_pod_had_counted_stays_when_it_goes() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        await stage.pod(CANDIDATE)
        await stage.pod(STABLE)
        stage.ask()
        await stage.later()
        pod.bad += 4
        await stage.later()
        stage.cluster.pods.remove(pod)
        looked = await stage.later(2)
        assert (looked.candidate, looked.lost["availability"]) == (Counts(4, 4), 4)


async def test_a_pod_without_an_address_is_not_asked() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        pod.status = {"phase": "Pending"}
        stage.ask()
        assert "it does not run" in (await stage.later()).blind
        assert pod.asked == 0


async def test_an_slo_that_has_no_now_is_never_decided() -> None:
    own = type(AVAILABILITY).model_validate({"name": "fast", "objective": "99", "ratio": {"bad": "b", "total": "t"}})
    async with a_stage() as stage:
        stage.slos = [own]
        pod = await stage.pod(CANDIDATE)
        stage.ask()
        await stage.later()
        pod.bad += 900
        judged = (await stage.later()).judged
        assert {slo: one.reason for slo, one in judged.items()} == dict.fromkeys(judged, Reason.NO_REQUESTS)


async def test_another_resource_has_its_own_trial() -> None:
    async with a_stage() as stage:
        await stage.pod(CANDIDATE)
        stage.ask()
        await stage.later()
        assert stage.scrape.of(a_resource([], "others"), stage.trial).at is None


async def test_it_looks_once_a_second_for_as_long_as_it_is_kept() -> None:
    async with a_stage() as stage:
        pod = await stage.pod(CANDIDATE)
        keeping = asyncio.create_task(stage.scrape.keep())
        stage.ask()
        async with asyncio.timeout(60):
            while pod.asked < 2:  # noqa: ASYNC110 - the pod is not told that it is waited for
                await asyncio.sleep(0.05)
        stage.hands.move(FORGOTTEN_AFTER + 1)
        async with asyncio.timeout(60):
            while stage.ask().at is not None:
                stage.hands.move(FORGOTTEN_AFTER + 1)
                await asyncio.sleep(0.05)
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
