import pytest
from pydantic import SecretStr

from shortener.limits import CALLERS, Limits
from toprope_kit.cache import Cache, CacheSettings


class Clock:
    def __init__(self) -> None:
        self.now = 6_000.0

    def __call__(self) -> float:
        return self.now


def alone(clock: Clock) -> Limits:
    """A worker that has no cache."""
    return Limits(Cache(CacheSettings(cache_uri=SecretStr("redis://127.0.0.1:1/0"))), clock)


def taken(limits: Limits, most: int, limit: int = 10) -> int:
    return sum(limits.take("address", "a", limit).allowed for _ in range(most))


def test_a_limit_is_met_exactly() -> None:
    assert taken(alone(Clock()), 30) == 10


def test_callers_do_not_share_a_limit() -> None:
    limits = alone(Clock())
    taken(limits, 30)
    assert limits.take("address", "b", 10).allowed


def test_the_window_slides() -> None:
    clock = Clock()
    limits = alone(clock)
    taken(limits, 30)
    clock.now += 60 + 30  # half of the last minute still counts
    assert taken(limits, 30) == 5
    clock.now += 120
    assert taken(limits, 30) == 10


def test_the_headers_say_what_is_left() -> None:
    clock = Clock()
    clock.now += 18
    verdict = alone(clock).take("key", "k", 10)
    said = ((b"ratelimit-limit", b"10"), (b"ratelimit-remaining", b"9"), (b"ratelimit-reset", b"42"))
    assert verdict.headers() == said


async def test_without_a_cache_the_worker_counts_alone() -> None:
    limits = alone(Clock())
    verdicts = [await limits.take_now("key", "k", 3) for _ in range(5)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False, False]


@pytest.mark.parametrize("limit", [1, 7])
def test_a_refused_request_does_not_count(limit: int) -> None:
    clock = Clock()
    limits = alone(clock)
    taken(limits, 500, limit)
    clock.now += 120
    assert taken(limits, 500, limit) == limit


async def test_what_is_given_back_does_not_count() -> None:
    limits = alone(Clock())
    for _ in range(5):
        assert (await limits.take_now("password", "a", 1)).allowed
        await limits.give_back("password", "a")
    await limits.give_back("password", "a")
    assert [(await limits.take_now("password", "a", 1)).allowed for _ in range(2)] == [True, False]


@pytest.mark.parametrize("place", ["", "here"])
def test_callers_without_end_take_no_memory_without_end(place: str) -> None:
    limits = alone(Clock())
    limits.place = place
    for number in range(CALLERS + 1000):
        limits.take("address", str(number), 10)
    assert len(limits._counts) == CALLERS
    assert len(limits._news) == (CALLERS if place else 0)
