"""Months of requests, second by second, and what Prometheus scrapes of the pods that counted them.

    story ─► requests and bad ones of each second ─┬─► exact counts
                                                   └─► pods ─► counters ─► scrapes

A pod's life begins with counters at zero. The next life goes on under the same name (a counter reset) or under a new
one (series end, and others are born). What a pod counts between its last scrape and its end, nobody sees.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.support.promql.series import Mask, Series, Values
from tests.support.proofs import watched
from toprope.slo.rules import BASE, Ruled
from toprope.slo.series import Series as Counter
from toprope.slo.windows import DAY

PODS = 2
Shape = Callable[[Values], Values]
"""What holds in each second."""
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Story:
    """What is asked of a service, how it answers, and how long its pods live."""

    requests: Shape
    """A second, on average."""
    bad: Shape
    """Share of them, 0 to 1."""
    days: int = 33
    life: int | None = None
    """Seconds after which a pod starts anew; the pods take turns."""
    replaced: bool = False
    """Whether it then has another name."""
    late_born: bool = False
    """Whether counters that only bad requests move are born with the first of them in each life."""
    scrape: int = 15
    """Seconds between two."""


@dataclass(frozen=True, slots=True)
class _Pod:
    """One place of a pod: what was counted there in its lives."""

    number: int
    good: Counts
    bad: Counts


class Month:
    """One telling of a story; the same seed gives the same one."""

    def __init__(self, story: Story, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self._story, self.seconds = story, story.days * DAY
        at = np.arange(self.seconds, dtype=np.float64)
        total = chance.poisson(story.requests(at))
        bad = chance.binomial(total, story.bad(at))
        self._bad, self._total = _running(bad), _running(total)
        halves = [(one, chance.binomial(one, 1 / PODS)) for one in (total - bad, bad)]
        goods, bads = ([_running(part), _running(whole - part)] for whole, part in halves)
        self._pods = [_Pod(number, goods[number], bads[number]) for number in range(PODS)]

    def ratio(self, ends: Values, window: int) -> Values:
        """Bad over all requests in the windows that end there, exactly; NaN where there were none."""
        with np.errstate(invalid="ignore"):
            exact: Values = self.bad(ends, window) / self._within(self._total, ends, window)
        return exact

    def off(self, recorded: Values, ends: Values, window: int) -> tuple[Values, Values]:
        """How far recorded ratios are from the nearest one of their last five minutes, and from that of the moment."""
        moments = np.array([self.ratio(ends - ago, window) for ago in range(0, BASE + 1, 15)])
        nearest = np.maximum(recorded - moments.max(axis=0), moments.min(axis=0) - recorded)
        return np.maximum(nearest, 0), np.abs(recorded - moments[0])

    def bad(self, ends: Values, window: int) -> Values:
        """Bad requests in the windows that end there."""
        return self._within(self._bad, ends, window)

    def _within(self, counts: Counts, ends: Values, window: int) -> Values:
        end, begin = (np.clip(at, 0, self.seconds).astype(np.int64) for at in (ends, ends - window))
        within: Values = (counts[end] - counts[begin]).astype(np.float64)
        return within

    def series(self, ruled: Ruled) -> Iterator[Series]:
        """What Prometheus has of the counters that the first source of these rules reads, and of who is up."""
        for pod in self._pods:
            at = np.arange(5 + pod.number, self.seconds + 1, self._story.scrape)
            seconds, begins = at.astype(np.float64), self._begins(pod.number)
            life = np.searchsorted(begins, at, "right") - 1
            for generation in np.unique(life) if self._story.replaced else [None]:
                there = life == generation if generation is not None else np.ones(at.size, dtype=np.bool_)
                name = f"links-{pod.number}-{generation or 0}"
                for counter in ruled.sli.sources[0].examples:
                    moved = counter.by_good * pod.good + counter.by_bad * pod.bad
                    values = (moved[at] - moved[begins[life]]).astype(np.float64)
                    seen = there & self._is_born(counter, values)
                    yield watched(_of(name, counter.name), seconds, values, seen)
                if ruled.sli.alive:
                    yield watched(_of(name, ruled.sli.alive), seconds, np.ones(at.size), there)

    def _begins(self, number: int) -> Counts:
        """When each life of the pod begins."""
        life = self._story.life or self.seconds
        first = life * (number + 1) // PODS if self._story.life else life
        return np.array([0, *range(first, self.seconds, life)], dtype=np.int64)

    def _is_born(self, counter: Counter, values: Values) -> Mask:
        return values > 0 if self._story.late_born and not counter.by_good else np.ones(values.size, dtype=np.bool_)


def _running(counts: Counts) -> Counts:
    return np.concatenate([[0], np.cumsum(counts)])


def _of(pod: str, selector: str) -> str:
    return f'{selector.removesuffix("}")},pod="{pod}"}}'
