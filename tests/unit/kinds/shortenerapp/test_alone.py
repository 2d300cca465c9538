"""A candidate that alone can answer: it gets what there is, whatever it lacks and the spec wants, unless a person says
no."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.shorteners import all_of, changed, with_spec
from tests.unit.kinds.shortenerapp.test_canaries import Released, shares
from toprope.core.decision import Decision, Tell
from toprope.delivery.machine.rollout import WHOLE, Phase
from toprope.serving.seen import Seen

HALF = {"steps": [{"weight": "50%", "hold": "1h"}], "bake": "30s", "readyWithin": "3m"}


class Thin(Released):
    """So many pods of either are ready, of three that it takes."""

    def __init__(self, **rollout: Any) -> None:
        super().__init__(replicas={"min": 3, "max": 5}, rollout=rollout or HALF)
        self.pods = (3, 3)

    def look(self, seen: Seen) -> Seen:
        found = super().look(seen)
        named = dict(zip((f"links-web-{self.stable}", f"links-web-{self.candidate}"), self.pods, strict=True))
        spoils = [
            changed("Deployment", name, {"status": {"readyReplicas": ready}})
            for name, ready in named.items()
            if ("Deployment", name) in found.children
        ]
        there = frozenset(name for name in found.endpoints if named.get(name, 1))
        back = frozenset(name for name, ready in named.items() if ready and name.endswith(self.candidate))
        return replace(all_of(*spoils)(found), endpoints=there | back)

    def lasts(self, seconds: int, stable: int, candidate: int) -> Decision:
        """The last pass of that time."""
        self.pods = (stable, candidate)
        return list(self.passes(seconds))[-1]

    @property
    def said(self) -> tuple[str, str]:
        told = self.resource.status.rollout
        return told.phase, told.reason


def given(world: Thin, decision: Decision) -> int:
    return shares(decision).get(f"links-web-{world.candidate}", 0)


def test_one_that_was_kept_out_comes_back_with_what_it_has_where_stable_has_nobody() -> None:
    world = Thin()
    world.until(Phase.HOLDING)
    assert given(world, world.lasts(5, 3, 0)) == 0
    assert world.resource.status.rollout.message.startswith(f"Revision {world.candidate} gets no requests until it is")
    world.lasts(5, 0, 0)
    assert given(world, world.lasts(40, 0, 1)) == WHOLE
    # Nor does anybody take them back from it for the pods that it lacks.
    assert given(world, world.lasts(400, 0, 2)) == WHOLE
    assert world.resource.status.revision.stable == world.candidate


def test_who_gets_ready_beside_a_stable_without_pods_need_not_be_whole() -> None:
    world = Thin()
    world.lasts(3, 3, 0)
    assert world.lasts(40, 0, 2)
    assert world.said[0] == Phase.BAKING
    assert given(world, world.lasts(2, 0, 2)) == WHOLE


def test_in_preparing_too_time_in_which_nobody_looked_proves_nothing() -> None:
    world = Thin(strategy="BlueGreen")
    world.lasts(5, 3, 3)
    assert world.said == (Phase.PREPARING, "Probing")
    world.lasts(1, 0, 3)
    world.now += timedelta(minutes=5)
    world.lasts(1, 0, 3)
    assert world.said == (Phase.PREPARING, "Probing")
    world.lasts(40, 0, 3)
    assert world.resource.status.rollout.phase == Phase.BAKING


@pytest.mark.parametrize("wish", [{"settings": {"slugLength": 7}}, {"settings": {"slugLength": 11}}])
def test_an_abort_names_the_candidate_and_is_followed_whatever_the_spec_wants_by_now(wish: dict[str, Any]) -> None:
    world = Thin()
    world.until(Phase.HOLDING)
    world.lasts(2, 0, 3)
    world.resource = with_spec(world.resource, wish)
    world.lasts(2, 0, 3)
    assert world.said == (Phase.HOLDING, "StableNotReady")
    order = f"abort={world.candidate}"
    world.resource = replace(world.resource, annotations={"toprope.dev/abort": world.candidate})
    world.lasts(1, 0, 3)
    assert world.said == (Phase.ROLLING_BACK, "Aborted")
    world.lasts(90, 3, 3)
    assert world.resource.status.revision.stable == world.stable
    assert world.resource.status.rollout.earlier_orders == [order]


def test_who_loses_its_requests_for_a_while_is_told_of_once() -> None:
    world = Thin()
    world.until(Phase.HOLDING)
    world.pods = (3, 0)
    told = [one for each in world.passes(60) for one in each.actions if isinstance(one, Tell)]
    assert [(one.reason, one.type) for one in told] == [("RouteNotMoved", "Warning")]
    assert "gets no requests until it is ready. 0 of " in told[0].message
