"""When stable is there, and what counts where it is not."""

from dataclasses import replace

import pytest

from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.stable import Stable, allowed, expected, gone_by


def after(stable: Stable, candidate: float, requests: float) -> Stable:
    return gone_by(stable, Counts(candidate, 0.0), Counts(requests, 0.0), 10)


def test_stable_that_never_speaks_is_gone_soon() -> None:
    assert after(Stable(), 59, 0).is_there
    assert not after(Stable(), 60, 0).is_there


def test_stable_that_spoke_is_waited_for() -> None:
    assert after(Stable(was_heard=True), 999, 0).is_there
    assert not after(Stable(was_heard=True), 1000, 0).is_there
    assert after(Stable(was_heard=True, silence=5000.0), 10, 1).is_there


def test_stable_that_nobody_could_count_is_given_time_anew() -> None:
    lost = after(Stable(was_heard=True, silence=900.0, is_known=False), 5000, 0)
    assert (lost.is_there, lost.silence) == (False, 0)
    assert after(replace(lost, is_known=True), 900, 0).is_there


def test_a_look_that_could_not_count_stable_makes_it_no_absent_one() -> None:
    assert after(Stable(is_known=False), 100, 5).is_there


def test_stable_at_rest_is_no_absence() -> None:
    resting = Stable(Counts(900.0, 1.0), is_there=False, rests=True)
    assert not resting.is_alone
    assert after(resting, 10, 0).past == Counts(900, 1)
    assert not after(resting, 10, 5).is_there
    assert Stable(is_known=False).is_alone


def test_an_hour_wears_the_past_away() -> None:
    gone = gone_by(Stable(Counts(1000.0, 10.0)), Counts(), Counts(), 3600)
    assert gone.past.total == pytest.approx(368, abs=1)
    assert expected(gone.past) == pytest.approx(0.01)
    assert expected(Counts()) == 0


@pytest.mark.parametrize(
    ("sentence", "past", "ratio"),
    [
        ("nobody knows stable: the budget", Counts(), 0.001),
        ("a healthy stable: the budget", Counts(10_000.0, 9.0), 0.001),
        ("an ill one: what it may have had at the most", Counts(10_000.0, 100.0), 0.0172),
        ("a dead one: everything", Counts(10.0, 10.0), 1.0),
    ],
)
def test_what_a_candidate_alone_may_have(sentence: str, past: Counts, ratio: float) -> None:
    assert allowed(past, 0.001, 2.0) == pytest.approx(ratio, rel=0.01), sentence
