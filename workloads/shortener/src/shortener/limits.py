"""How many requests a key or an address may make a minute, over all workers and pods.

A sliding window of two counted minutes: the last one counts with the share of it that still lies within 60 seconds.
`take_now` asks the cache before it answers, for keys of the API and for passwords. `take` answers from what this worker
knows and tells the cache four times a second, for addresses: over many workers it may let through what they get in a
quarter of a second. Without the cache both go on with what this worker counts itself.

Names in the cache are hashes: no address can be read there, and they go after two minutes.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil

from redis.asyncio import Redis

from toprope_kit.asgi import Scope
from toprope_kit.cache import Cache, CacheAway
from toprope_kit.problem import TooManyRequests

WINDOW = 60
BEAT = 0.25
"""Seconds between two talks with the cache."""

CALLERS = 50_000
"""Callers that one worker counts; the one that was silent longest goes first."""

AT_ONCE = 500
"""Callers in one talk with the cache, which has a fifth of a second: of many callers no single one takes long."""

Caller = tuple[str, str]
"""The limit's name, and whom it counts."""

NOTED = "shortener.limit"
"""Where in a request's scope its verdict lies; `Front` puts it on the answer."""

TAKE = """
local used = tonumber(redis.call('GET', KEYS[2]) or '0') * tonumber(ARGV[2])
    + tonumber(redis.call('GET', KEYS[1]) or '0')
if used >= tonumber(ARGV[1]) then return {0, math.ceil(used)} end
redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], 130)
return {1, math.ceil(used) + 1}
"""


GIVE_BACK = """
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the request may go on, and what its answer says about the limit."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    """Seconds until the current minute ends."""

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """`RateLimit-*` of the IETF draft, as ASGI has them."""
        return (
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset),
        )


@dataclass(slots=True)
class Count:
    """One caller's requests as this worker knows them."""

    window: int
    before: int = 0
    told: int = 0
    """In this window, by all workers, when the cache was last asked."""
    untold: int = 0

    def roll(self, window: int) -> None:
        """Move on to the minute that it is now."""
        if window != self.window:
            self.before = self.told + self.untold if window == self.window + 1 else 0
            self.window, self.told, self.untold = window, 0, 0


def verdict(used: float, allowed: bool, limit: int, now: float) -> Verdict:
    """From how many were used, this one included."""
    return Verdict(allowed, limit, max(0, limit - ceil(used)), WINDOW - int(now) % WINDOW)


def note(scope: Scope, verdict: Verdict, told: str) -> None:
    """Put the limit on the request's answer, whatever that will be; TooManyRequests when it is reached."""
    scope[NOTED] = verdict
    if not verdict.allowed:
        raise TooManyRequests(told, retry_after=verdict.reset)


class Limits:
    """The counts of one worker, and through the cache those of all."""

    def __init__(self, cache: Cache, clock: Callable[[], float] = time.time) -> None:
        self._cache = cache
        self._clock = clock
        self._counts: OrderedDict[Caller, Count] = OrderedDict()
        self._news: set[Caller] = set()
        self.place = ""
        """Whose limits these are, where services share a cache; while it is not known, this worker counts alone."""

    def take(self, scope: str, who: str, limit: int) -> Verdict:
        """One more request of this caller, judged by what this worker knows; a refused one does not count."""
        now = self._clock()
        count = self._count((scope, who), int(now) // WINDOW)
        used = count.before * (1 - now % WINDOW / WINDOW) + count.told + count.untold
        if used >= limit:
            return verdict(used, False, limit, now)
        count.untold += 1
        if self.place:
            self._news.add((scope, who))
        return verdict(used + 1, True, limit, now)

    async def take_now(self, scope: str, who: str, limit: int) -> Verdict:
        """One more request of this caller, judged by what all workers know together."""
        if not self.place:
            return self.take(scope, who, limit)
        now = self._clock()
        window = int(now) // WINDOW
        names = [self._name(scope, who, window), self._name(scope, who, window - 1)]
        weight = 1 - now % WINDOW / WINDOW
        try:
            allowed, used = await self._cache.attempt(
                lambda redis: redis.eval(TAKE, 2, *names, str(limit), str(weight))
            )
        except CacheAway:
            return self.take(scope, who, limit)
        return verdict(used, bool(allowed), limit, now)

    async def give_back(self, scope: str, who: str) -> None:
        """One request that `take_now` let through is not to count after all; for who counts failures only."""
        window = int(self._clock()) // WINDOW
        if self.place:
            with suppress(CacheAway):
                await self._cache.attempt(lambda redis: redis.eval(GIVE_BACK, 1, self._name(scope, who, window)))
                return
        count = self._count((scope, who), window)
        if count.told + count.untold > 0:
            count.untold -= 1

    async def run(self) -> None:
        """Exchange counts with the other workers until cancelled."""
        while True:
            await asyncio.sleep(BEAT)
            if self._news:
                await self._exchange()

    async def _exchange(self) -> None:
        news = list(self._news)
        self._news.clear()
        for first in range(0, len(news), AT_ONCE):
            try:
                await self._tell([caller for caller in news[first : first + AT_ONCE] if caller in self._counts])
            except CacheAway:
                self._news.update(news[first:])
                return

    async def _tell(self, callers: list[Caller]) -> None:
        window = int(self._clock()) // WINDOW
        counts = [self._count(caller, window) for caller in callers]
        deltas = [count.untold for count in counts]

        async def ask(redis: Redis) -> list[int]:
            pipeline = redis.pipeline(transaction=False)
            for (scope, who), delta in zip(callers, deltas, strict=True):
                pipeline.incrby(self._name(scope, who, window), delta)
                pipeline.expire(self._name(scope, who, window), 130)
            answers: list[int] = await pipeline.execute()
            return answers[::2]

        for count, delta, total in zip(counts, deltas, await self._cache.attempt(ask), strict=True):
            if count.window == window:
                count.told, count.untold = total, count.untold - delta

    def _count(self, caller: Caller, window: int) -> Count:
        count = self._counts.get(caller)
        if count is None:
            count = self._counts[caller] = Count(window)
            if len(self._counts) > CALLERS:
                silent, _ = self._counts.popitem(last=False)
                self._news.discard(silent)
        else:
            self._counts.move_to_end(caller)
            count.roll(window)
        return count

    def _name(self, scope: str, who: str, window: int) -> str:
        # Both minutes of a caller lie in one slot of a cluster.
        hidden = blake2b(f"{self.place} {scope} {who}".encode(), digest_size=12).hexdigest()
        return f"toprope:limit:{{{hidden}}}:{window}"
