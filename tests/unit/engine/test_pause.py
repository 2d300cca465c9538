"""How long a resource rests after a pass."""

from datetime import timedelta

import pytest

from toprope.core.errors import Transient
from toprope.engine.one_pass import Outcome, Result
from toprope.engine.pause import BREATH, FIRST_PAUSE, LONGEST_BREATH, LONGEST_PAUSE, Streak, pause_after

LONG = timedelta(hours=1)


def throttled(seconds: float) -> Outcome:
    return Outcome(Result.TRANSIENT, LONG, Transient("too many requests", retry_after=seconds))


def test_a_server_that_asks_for_time_gets_it() -> None:
    pause = pause_after(throttled(20), 0.0, Streak())
    assert (pause.deaf, pause.longest) == (20, 20)


def test_a_server_that_asks_for_an_hour_gets_a_minute() -> None:
    pause = pause_after(throttled(3600), 0.0, Streak())
    assert (pause.deaf, pause.longest) == (LONGEST_PAUSE, LONGEST_PAUSE)


def test_trouble_makes_deaf_for_a_second_and_looks_again_later_each_time() -> None:
    streak = Streak()
    pauses = [pause_after(Outcome(Result.BUG, LONG), 0.0, streak) for _ in range(8)]
    assert max(one.deaf for one in pauses) <= FIRST_PAUSE
    assert pauses[0].longest <= FIRST_PAUSE < pauses[7].longest <= LONGEST_PAUSE
    assert streak.failures == 8


def test_a_slow_pass_is_followed_by_a_longer_breath() -> None:
    done = Outcome(Result.DONE, LONG)
    breaths = [pause_after(done, took, Streak()).deaf for took in (0.001, 1.0, 60.0)]
    assert breaths == [BREATH, 0.25, LONGEST_BREATH]


def test_a_good_pass_ends_a_streak() -> None:
    streak = Streak(failures=3, conflicts=5)
    pause_after(Outcome(Result.DONE, LONG), 0.0, streak)
    assert streak == Streak()


def test_a_due_time_that_is_earlier_than_the_back_off_is_kept() -> None:
    streak = Streak(failures=6)
    pause = pause_after(Outcome(Result.REFUSED, timedelta(seconds=10)), 0.0, streak)
    assert FIRST_PAUSE == pause.deaf < pause.longest <= 11
    assert pause_after(Outcome(Result.REFUSED, timedelta(0)), 0.0, streak).longest == FIRST_PAUSE


@pytest.mark.parametrize("result", [Result.DONE, Result.REFUSED])
def test_a_pass_may_ask_for_a_longer_breath(result: Result) -> None:
    assert pause_after(Outcome(result, LONG, breath=timedelta(seconds=7)), 0.0, Streak()).deaf == 7
