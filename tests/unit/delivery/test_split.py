"""Shares that whole pods can have."""

from datetime import timedelta

import pytest

from toprope.delivery.machine.rollout import WHOLE, Policy, Step
from toprope.delivery.split import LEAST_BAKE, pods_for, share_of, split

LADDER = Policy((Step(1000), Step(10_000, timedelta(minutes=5)), Step(50_000)), bake=timedelta(minutes=10))


@pytest.mark.parametrize(
    ("stable", "steps"),
    [
        (1, [(50_000, "wanted 1% and 10% and 50%, 1 of 2 pods is 50%")]),
        (3, [(25_000, "wanted 1% and 10%, 1 of 4 pods is 25%"), (50_000, "")]),
        (9, [(10_000, "wanted 1% and 10%, 1 of 10 pods is 10%"), (50_000, "")]),
        (20, [(4762, "wanted 1%, 1 of 21 pods is 4.762%"), (9091, "wanted 10%, 2 of 22 pods is 9.091%"), (50_000, "")]),
        (99, [(1000, ""), (10_000, ""), (50_000, "")]),
    ],
)
def test_each_step_is_the_nearest_share_and_says_how_near(stable: int, steps: list[tuple[int, str]]) -> None:
    assert [(step.weight, step.note) for step in split(LADDER, stable).steps] == steps


def test_steps_that_fall_together_are_held_as_long_as_the_longest() -> None:
    assert [step.hold for step in split(LADDER, 3).steps] == [timedelta(minutes=5), timedelta(minutes=1)]


@pytest.mark.parametrize("stable", [1, 2, 3, 7, 10, 100, 1000])
def test_a_share_stands_for_its_pods_and_none_is_above_half(stable: int) -> None:
    shares = [share_of(pods, stable) for pods in range(1, stable + 1)]
    assert [pods_for(share, stable) for share in shares] == list(range(1, stable + 1))
    assert shares[-1] == WHOLE // 2
    assert pods_for(0, stable) == 1


def test_who_is_released_at_once_needs_no_shares() -> None:
    assert split(Policy(), 3) == Policy()


def test_stable_stands_by_until_the_candidate_has_grown() -> None:
    assert split(Policy((Step(1000),)), 3).bake == LEAST_BAKE
    assert split(LADDER, 3).bake == LADDER.bake
