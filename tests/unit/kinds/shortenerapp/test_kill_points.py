"""The operator is killed between any two writes of a release by steps: it ends as if it had not been, by the same
weights, none of them before the status says so.

Here some of the kill points, in a world on paper; `python -m bench.kill_points` goes through all.
"""

import asyncio

import pytest

from tests.support import paper_kills
from tests.support.canaries import JUDGED, LADDER, STORIES, A, B, C, revision
from tests.support.kill_points import Ending

TOLD = STORIES | JUDGED
SHARE = 8
TAKEN_BACK = [0, *LADDER[:2], 0]


def undisturbed(name: str) -> Ending:
    return asyncio.run(paper_kills.told(TOLD[name]))[0]


@pytest.mark.parametrize("name", TOLD)
def test_a_killed_operator_ends_in_the_same_world_by_the_same_weights(name: str) -> None:
    tried, other = asyncio.run(paper_kills.differences(TOLD[name], SHARE))
    assert (tried > 2, other) == (True, [])


@pytest.mark.parametrize("name", JUDGED)
def test_an_operator_that_dies_between_a_fall_and_its_word_brings_nobody_back(name: str) -> None:
    tried, other = asyncio.run(paper_kills.differences(TOLD[name], wanted=paper_kills.is_between))
    assert (tried > 0, other) == (True, [])


@pytest.mark.parametrize(
    ("name", "stable", "phase", "weights"),
    [
        ("a canary", B, "Idle", {revision(B): [0, *LADDER]}),
        ("an abort", A, "Failed", {revision(B): TAKEN_BACK}),
        ("another release in mid-rollout", C, "Idle", {revision(B): TAKEN_BACK, revision(C): [0, *LADDER]}),
        ("back to stable in mid-rollout", A, "Idle", {revision(B): TAKEN_BACK}),
        ("a canary that fails at a step", A, "Failed", {revision(B): TAKEN_BACK}),
        ("a canary that crashes at a step", A, "Failed", {revision(B): TAKEN_BACK}),
        ("a canary that fails in its bake", A, "Failed", {revision(B): [0, *LADDER, 0]}),
    ],
)
def test_where_each_ends(name: str, stable: dict[str, object], phase: str, weights: dict[str, list[int]]) -> None:
    end = undisturbed(name)
    assert (end.status["revision"]["stable"], end.status["rollout"]["phase"]) == (revision(stable), phase)
    given = [(candidate, weight) for candidate, some in weights.items() for weight in some]
    assert list(end.weights) == given
