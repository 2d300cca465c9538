"""How looks move what is known."""

from dataclasses import replace

import pytest

from toprope.delivery.gate.advance import advance, bake, next_step, times_worse
from toprope.delivery.gate.counts import Counts, grown
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.side import past
from toprope.delivery.gate.state import State, begin

RULES = Rules(0.001)
HEALTHY = (100.0, 0.0)
BROKEN = (100.0, 50.0)
ILL = (100.0, 5.0)


def gone(
    state: State, looks: int, candidate: tuple[float, float], stable: tuple[float, float] | None, rules: Rules = RULES
) -> State:
    """After looks of a second; stable has nine times as many requests."""
    for _ in range(looks):
        beside = None if stable is None else Counts(9 * stable[0], 9 * stable[1])
        state = advance(rules, state, state.at + 1, Counts(*candidate), beside)
    return state


def test_a_broken_candidate_fails_at_the_first_look() -> None:
    assert gone(begin(0), 1, BROKEN, HEALTHY).failed is True


def test_fail_is_final() -> None:
    failed = gone(begin(0), 1, BROKEN, HEALTHY)
    assert gone(failed, 100, HEALTHY, HEALTHY) == replace(failed, at=101)


@pytest.mark.parametrize("good", [60, 1200])
def test_a_candidate_that_turns_bad_fails_within_ten_seconds(good: int) -> None:
    passed = gone(begin(0), good, HEALTHY, HEALTHY)
    assert passed.passed is True
    assert gone(passed, 10, ILL, HEALTHY).failed is True


def test_a_world_that_is_ill_fails_nobody() -> None:
    assert gone(begin(0), 600, ILL, ILL).failed is False


def test_what_an_ill_world_proved_is_forgotten_soon() -> None:
    ill = gone(begin(0), 60, ILL, ILL)
    assert ill.weights.absolute >= RULES.proof
    # Worse than stable, and within its budget all the same.
    healed = gone(ill, 60, HEALTHY, HEALTHY)
    assert healed.weights.absolute < RULES.proof
    assert gone(healed, 600, (10_000.0, 5.0), (10_000.0, 0.0)).failed is False


def test_less_traffic_is_less_evidence() -> None:
    weights = [gone(begin(0), looks, HEALTHY, HEALTHY).weights.good for looks in (1, 3, 9, 30)]
    assert weights == sorted(weights)


def test_more_bad_requests_are_more_evidence() -> None:
    found = [gone(begin(0), 1, (1000.0, float(bad)), HEALTHY).weights for bad in range(0, 40, 4)]
    for weights in ([each.absolute for each in found], [each.relative for each in found]):
        assert weights == sorted(weights)
    assert [each.good for each in found] == sorted((each.good for each in found), reverse=True)


def test_alpha_is_shared_by_the_slos_of_a_gate() -> None:
    assert Rules(0.001, slos=3).proof > RULES.proof


def test_pass_is_asked_of_each_step_anew() -> None:
    passed = gone(begin(0), 60, HEALTHY, HEALTHY)
    stepped = next_step(RULES, passed)
    assert (passed.passed, stepped.passed) == (True, False)
    assert gone(stepped, 1, HEALTHY, HEALTHY).passed is False
    assert gone(stepped, 60, HEALTHY, HEALTHY).passed is True


def test_fail_looks_back_over_steps() -> None:
    suspicious = gone(begin(0), 1, (1000.0, 10.0), HEALTHY)
    assert suspicious.failed is False
    assert gone(begin(0), 1, (1000.0, 15.0), HEALTHY).failed is False
    assert gone(next_step(RULES, suspicious), 1, (1000.0, 15.0), HEALTHY).failed is True


def test_without_stable_the_objective_alone_decides() -> None:
    assert gone(begin(0, is_known=False), 3, ILL, None).failed is True
    assert gone(begin(0, is_known=False), 600, (100.0, 0.1), None).failed is False


def test_stable_that_gets_lost_is_done_without_and_comes_back() -> None:
    world = gone(begin(0), 25, HEALTHY, HEALTHY)
    lost = gone(world, 5, HEALTHY, None)
    assert lost.beside.is_alone
    assert gone(lost, 20, ILL, None).failed is True
    back = gone(lost, 5, HEALTHY, HEALTHY)
    assert not back.beside.is_alone
    assert gone(back, 60, ILL, ILL).failed is False


def test_baking_is_judged_by_stables_last_hour() -> None:
    healthy = bake(RULES, gone(begin(0), 60, HEALTHY, HEALTHY))
    assert gone(healthy, 10, ILL, None).failed is True
    ill = bake(RULES, healthy, past(Counts(9000.0, float(bad)) for bad in (400, 500) * 180))
    assert gone(ill, 60, ILL, None).failed is False
    assert gone(ill, 10, BROKEN, None).failed is True


def test_stables_last_hour_tells_how_errors_burst() -> None:
    hour = past(Counts(1000.0, float(bad)) for bad in (0, 12) * 180)
    assert begin(0, hour).dispersion > 5
    assert gone(begin(0, hour), 1, (1000.0, 18.0), HEALTHY).weights.absolute < RULES.proof


def test_how_many_times_worse_is_as_sure_as_fail() -> None:
    assert times_worse(RULES, begin(0)) == 0
    assert times_worse(RULES, gone(begin(0), 1, (1000.0, 30.0), (1000.0, 1.0))) == 3
    assert times_worse(RULES, gone(begin(0), 1, (1000.0, 500.0), (1000.0, 0.0))) == 30


def test_a_burn_rate_that_cannot_be_reached_is_nearly_everything() -> None:
    assert Rules(0.5).failing == pytest.approx((0.95, 0.95, 0.95))


@pytest.mark.parametrize(
    ("sentence", "before", "now", "came"),
    [
        ("the first look says where counting begins", None, (50.0, 5.0), (0.0, 0.0)),
        ("counters rise", (50.0, 5.0), (60.0, 6.0), (10.0, 1.0)),
        ("a counter that fell has begun anew", (50.0, 5.0), (20.0, 2.0), (20.0, 2.0)),
        ("also where only the bad ones fell", (50.0, 5.0), (60.0, 1.0), (60.0, 1.0)),
    ],
)
def test_growth(
    sentence: str, before: tuple[float, float] | None, now: tuple[float, float], came: tuple[float, float]
) -> None:
    assert grown(Counts(*before) if before else None, Counts(*now)) == Counts(*came), sentence
