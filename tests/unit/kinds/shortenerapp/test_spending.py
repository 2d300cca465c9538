"""What a release may cost, as passes over a whole resource see it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.measured import AVAILABILITY, numbers
from tests.support.shorteners import WITH_TRAFFIC, Paper, a_shortener, with_spec
from toprope.core.measured import Blindness, Measured, Numbers
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.verdict import Reason, Verdict
from toprope.delivery.gate.words import Judgement
from toprope.delivery.machine.rollout import WHOLE, Command, Phase, Rollout
from toprope.delivery.orders import annotation
from toprope.delivery.spec import PaidStatus, RolloutStatus
from toprope.delivery.trial import Looked
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.serving.revisions import rollout_of
from toprope.serving.seen import Seen
from toprope.serving.trial import trial
from toprope.slo.status import SloStatus

SLOS = {"slos": [{"name": "availability", "objective": "99.9", "availability": {}}]}
GOOD = Judgement(Verdict.PASS, Reason.ENOUGH_SEEN, "0 bad of 12,000", {"dispersion": 1.5})
SPENT = SloStatus.model_validate(
    {
        "name": "availability",
        "objective": "99.9",
        "window": "30d",
        "state": "Exhausted",
        "exhaustedSince": "2026-01-01T00:00:00Z",
    }
)


class Released(Paper):
    """A good candidate, and some budget left: 20 requests a second may have 51,840 bad ones in 30 days."""

    def __init__(self, remaining: float | None, **rollout: Any) -> None:
        super().__init__(a_shortener({**WITH_TRAFFIC, **SLOS, "rollout": rollout}))
        self.remaining, self.lost, self.blind = remaining, 0.0, False
        self.settle()
        self.pass_once(self.look)
        self.stable = revision_of_spec(self.resource.spec)
        self.resource = with_spec(self.resource, {"settings": {"slugLength": 9}})
        self.candidate = revision_of_spec(self.resource.spec)

    def recorded(self) -> Numbers:
        errors = {"30d": 0.001 * (1 - self.remaining)} if self.remaining is not None else {}
        return numbers(AVAILABILITY, errors, rate=20, at=self.now)

    def look(self, seen: Seen) -> Seen:
        """With what is recorded and counted now."""
        known = {"availability": self.recorded()} if self.remaining is not None else {}
        seen = replace(seen, measured=Measured(known, blind=Blindness(None, "gone") if self.blind else None))
        rollout = rollout_of(self.resource)
        if trial(self.resource, rollout, self.now) is None:
            return seen
        own = rollout.weight / 10
        looked = Looked(self.now, "Gateway", {"availability": GOOD}, lost={"availability": self.lost})
        return replace(seen, looked=replace(looked, candidate=Counts(own, 0), stable=Counts(10_000 - own, 0)))

    def passes(self, seconds: int) -> Iterator[RolloutStatus]:
        """A pass every five seconds."""
        for _ in range(0, seconds, 5):
            self.pass_once(self.look)
            self.now += timedelta(seconds=5)
            yield self.resource.status.rollout

    def order(self, command: Command) -> None:
        self.resource = replace(self.resource, annotations={annotation(command): self.candidate})

    @property
    def budget(self) -> PaidStatus:
        budget: list[PaidStatus] = self.resource.status.rollout.budget
        return budget[0]


def weights(world: Released, seconds: int = 300) -> list[str]:
    """That were decided, each once."""
    return list(dict.fromkeys(told.weight for told in world.passes(seconds) if told.weight))


def test_a_full_budget_pays_for_the_whole_ladder_and_the_status_says_how() -> None:
    world = Released(1.0)
    assert weights(world, 50) == ["1%"]
    assert (world.budget.left, world.budget.given, world.budget.rate, world.budget.most) == (
        "51000", "5100", "20", "100%",
    )  # fmt: skip
    assert weights(world) == ["1%", "10%", "50%", "100%"]
    assert weights(world, 700) == ["100%"]
    assert world.resource.status.revision.stable == world.candidate
    assert world.resource.status.rollout.budget == []


def test_a_budget_that_is_nearly_spent_pays_for_less_and_then_holds() -> None:
    # 311 left, 31 of them given: 13 until a verdict and 12 until the route has changed, at 3 %.
    world = Released(0.006)
    assert weights(world) == ["1%", "3%"]
    told = world.resource.status.rollout
    assert (told.phase, told.reason) == (Phase.HOLDING, "BudgetBelowStep")
    assert "has 310 bad requests left and gives 31 of them" in told.message
    assert f"toprope.dev/unfreeze: {world.candidate}" in told.message


def test_one_that_does_not_pay_for_a_verdict_holds_the_release_until_a_person_lets_it_go() -> None:
    world = Released(0.0004)
    assert weights(world, 60) == []
    told = world.resource.status.rollout
    assert (told.phase, told.reason, world.budget.most) == (Phase.PREPARING, "BudgetBelowOneVerdict", "0%")
    assert told.message.startswith("availability has 20 bad requests left and gives 2 of them to this rollout")
    world.order(Command.UNFREEZE)
    assert weights(world) == ["1%", "10%", "50%", "100%"]


def test_each_budget_pays_for_its_own_lost_requests() -> None:
    world = Released(0.006)
    fast = {"name": "fast", "objective": "95", "latency": {"threshold": "250ms"}}
    world.resource = with_spec(world.resource, {"slos": [*SLOS["slos"], fast]})
    list(world.passes(60))
    looked = Looked(
        world.now, "Gateway", {"availability": GOOD, "fast": GOOD}, lost={"availability": 2.0, "fast": 300.0}
    )
    for _ in range(2):
        world.pass_once(lambda seen: replace(world.look(seen), looked=looked))
        world.now += timedelta(seconds=5)
    told = world.resource.status.rollout
    assert (told.lost, {one.slo: one.lost for one in told.judged}) == (300, {"availability": 2, "fast": 300})
    assert "gives 31 of them to this rollout (budgetShare 10%), of which 2 are lost" in (world.budget.message or "")


def test_while_it_waits_it_says_the_same() -> None:
    world = Released(0.0004)
    list(world.passes(30))
    before = world.resource.status.rollout
    assert all(told == before for told in world.passes(300))


def test_steps_of_the_users_are_not_cut_but_what_they_may_cost_is_said() -> None:
    world = Released(0.006, steps=[{"weight": "25%"}])
    assert weights(world, 50) == ["25%"]
    assert world.budget.most == "3%"


def test_a_larger_share_pays_for_more_also_in_the_midst_of_a_rollout() -> None:
    world = Released(0.006)
    weights(world, 200)
    world.resource = with_spec(world.resource, {"rollout": {"gate": {"budgetShare": "100%"}}})
    assert weights(world) == ["10%", "50%", "100%"]


def test_nothing_known_holds_nothing_back_and_is_said() -> None:
    world = Released(None)
    list(world.passes(50))
    assert world.budget.most is None
    assert world.budget.message == "Nothing is known of the error budget of availability: it holds no step back."
    assert weights(world) == ["1%", "10%", "50%", "100%"]


def test_what_was_known_holds_while_prometheus_is_gone() -> None:
    world = Released(0.006)
    list(world.passes(50))
    world.blind = True
    assert weights(world) == ["1%", "3%"]


def test_what_a_rollout_has_lost_counts_against_it() -> None:
    world = Released(0.006)
    weights(world, 50)
    world.lost = 20.0
    assert weights(world) == ["1%"]
    assert "of which 20 are lost" in world.resource.status.rollout.message


def test_a_next_try_is_reckoned_anew() -> None:
    world = Released(0.006)
    weights(world, 50)
    world.order(Command.ABORT)
    told = list(world.passes(60))[-1]
    assert (told.phase, told.budget[0].left) == (Phase.FAILED, "310")
    world.remaining = 1.0
    world.order(Command.RETRY)
    list(world.passes(50))
    assert world.budget.left == "51000"


@pytest.mark.parametrize(("freeze", "seen"), [("WhenExhausted", []), ("Never", ["1%", "10%", "50%", "100%"])])
def test_a_spent_budget_holds_nobody_where_the_spec_says_never(freeze: str, seen: list[str]) -> None:
    assert weights(Released(-0.2, freeze=freeze)) == seen


def test_a_freeze_says_whose_budget_how_much_and_since_when() -> None:
    world = Released(-0.2)
    list(world.passes(15))
    told = world.resource.status.rollout
    assert (told.phase, told.reason) == (Phase.FROZEN, "BudgetSpent")
    since = world.resource.status.slos[0].exhausted_since
    assert told.message.startswith(
        f"New releases wait: the error budget of availability (99.9 % over 30d) is spent since {since}: 62,000 bad "
        "requests, 52,000 were allowed."
    )


def test_nine_bad_requests_freeze_nobody() -> None:
    world = Released(-0.2)
    few = numbers(AVAILABILITY, {"30d": 0.0012}, rate=9 / 0.0012 / AVAILABILITY.window, at=world.now)
    for _ in range(5):
        world.pass_once(lambda seen: replace(seen, measured=Measured({"availability": few})))
    assert world.resource.status.rollout.phase == Phase.PREPARING


def test_not_to_see_a_spent_budget_is_no_recovery() -> None:
    world = Released(-0.2)
    list(world.passes(15))
    world.blind = True
    list(world.passes(15))
    assert world.resource.status.slos[0].state == "NoData"
    assert world.resource.status.rollout.phase == Phase.FROZEN
    assert "is spent since" in world.resource.status.rollout.message


def asked(world: Released, **rollout: Any) -> dict[str, Counts]:
    before = Rollout(stable="old", candidate="new", phase=Phase.SHIFTING, step=1, weight=1000, stepped=world.now)
    measured = Measured({"availability": world.recorded()})
    found = trial(world.resource, replace(before, **rollout), world.now + timedelta(seconds=30), measured)
    assert found is not None
    return dict(found.past)


def test_stables_last_hour_is_handed_to_the_gate_as_long_as_it_is_its_alone() -> None:
    world = Released(0.5)
    assert asked(world) == {"availability": Counts(72_000, 0)}
    assert asked(world, stepped=world.now - timedelta(seconds=1)) == {}
    assert asked(world, step=2) == {}
    assert asked(world, step=1, phase=Phase.BAKING, weight=WHOLE) == {"availability": Counts(72_000, 0)}
    assert asked(world, stepped=None) == {}
    world.remaining = None
    assert trial(world.resource, Rollout(stable="old"), world.now) is None


def test_a_new_operator_goes_on_counting_what_was_lost() -> None:
    world = Released(1.0)
    list(world.passes(50))
    world.lost = 4.0
    list(world.passes(50))
    found = trial(world.resource, rollout_of(world.resource), world.now)
    assert found is not None
    assert found.lost == {"availability": 4}
