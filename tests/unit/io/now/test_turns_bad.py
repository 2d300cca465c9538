"""A candidate that is good for five minutes: how much of its goodness the gate holds against what comes then."""

from tests.support.trials import CANDIDATE, STABLE, a_stage
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.trial import Looked

FIVE_MINUTES = 300
SHARE = 2
"""Requests a second of the candidate's: one in a hundred of 200."""


def verdict(looked: Looked) -> str:
    return looked.judged["availability"].verdict


async def test_good_for_five_minutes_and_then_broken_fails_within_twenty_requests() -> None:
    async with a_stage() as stage:
        candidate, stable = await stage.pod(CANDIDATE), await stage.pod(STABLE)
        stage.ask()
        for _ in range(FIVE_MINUTES):
            candidate.good += SHARE
            stable.good += 99 * SHARE
            looked = await stage.later()
        assert verdict(looked) == Verdict.UNDECIDED
        while verdict(looked) != Verdict.FAIL:
            candidate.bad += SHARE
            stable.good += 99 * SHARE
            looked = await stage.later()
            assert candidate.bad <= 20
        # Whatever comes after it.
        candidate.good += 5000
        assert verdict(await stage.later()) == Verdict.FAIL
