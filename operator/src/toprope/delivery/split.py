"""Requests that pods share: without a gateway one Service reaches the pods of both revisions, and each pod gets about
as many requests as any other. So the shares there are those of whole pods, and stable never shrinks to make them finer.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from toprope.delivery.machine.rollout import WHOLE, Policy, Step
from toprope.delivery.machine.weights import percent

LEAST_BAKE = timedelta(seconds=1)
"""A candidate of a few pods takes all requests only when it has grown, and stable stands by until then."""


def share_of(pods: int, stable: int) -> int:
    """What so many pods beside those of stable's get, in parts of WHOLE."""
    return round(WHOLE * pods / (pods + stable))


def pods_for(weight: int, stable: int) -> int:
    """How many pods come nearest to a share: at least one, and at most as many as stable has."""
    return min(range(1, stable + 1), key=lambda pods: abs(share_of(pods, stable) - weight))


def pods_within(weight: int, stable: int) -> int:
    """How many pods a weight that was decided is for, beside so many of stable's by now: never more requests than it
    allows, as far as one pod can help it."""
    return max((pods for pods in range(1, stable + 1) if share_of(pods, stable) <= weight), default=1)


def note(weight: int, stable: int) -> str:
    """How the share of such a weight differs from it; empty where it does not."""
    pods = pods_within(weight, stable)
    share = share_of(pods, stable)
    return "" if share == weight else f"decided {percent(weight)}, {pods} of {pods + stable} pods is {percent(share)}"


def split(policy: Policy, stable: int) -> Policy:
    """The policy with the shares that pods can have beside so many of stable's."""
    if not policy.steps:
        return policy
    wanted: dict[int, list[Step]] = {}
    for step in policy.steps:
        wanted.setdefault(pods_for(step.weight, stable), []).append(step)
    beside = f"{stable} pod{'s' if stable > 1 else ''}"
    return replace(
        policy,
        steps=tuple(_coarse(pods, stable, steps) for pods, steps in wanted.items()),
        grid=tuple(share_of(pods, stable) for pods in range(1, stable + 1)),
        grain=f"Without a gateway the smallest share is one pod's: {percent(share_of(1, stable))} beside {beside}.",
        bake=max(policy.bake, LEAST_BAKE),
    )


def _coarse(pods: int, stable: int, wanted: Sequence[Step]) -> Step:
    share = share_of(pods, stable)
    asked = " and ".join(percent(step.weight) for step in wanted)
    is_exact = [share] == [step.weight for step in wanted]
    note = "" if is_exact else f"wanted {asked}, {pods} of {pods + stable} pods is {percent(share)}"
    return Step(share, max(step.hold for step in wanted), note)
