"""Small random worlds: what Prometheus scraped of a service, its gateway and somebody else, while things happened.

Each target is, at each scrape, one of four things; its series follow from that: samples while it is up, a staleness
marker at the first scrape that shows a series gone, nothing at all while Prometheus itself does not scrape.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np

from tests.support.promql.series import Mask, Series, Values, scraped

SCRAPES = 15
"""Seconds between two."""
BURST = 32
"""Scrapes for which errors come or stay away."""
CODES = ("200", "500", "499")
BOUNDS = ("0.25", "1.0", "+Inf")


class State(Enum):
    """What a scrape finds."""

    UP = auto()
    UNREADY = auto()
    """The target is up, and says that it is not ready."""
    REFUSES = auto()
    """The target is there, and its scrape fails."""
    GONE = auto()
    """No target."""
    UNSEEN = auto()
    """Prometheus does not scrape."""


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to whom: spans of minutes in which a target is not up."""

    minutes: int = 75
    spans: Mapping[str, Sequence[tuple[int, int, State]]] = field(default_factory=dict)
    missed: float = 0.0
    """Share of the scrapes that are missed, one by one."""
    born: Mapping[str, int] = field(default_factory=dict)
    """Minute in which the series of a status code first appear."""
    resets: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Minutes in which a target's counters begin anew without anybody missing a scrape."""
    quiet: tuple[int, int] = (0, 0)
    """Span of minutes without a request."""
    a_second: float = 2.0
    """Requests that each target counts."""


class World:
    """The series of a story."""

    def __init__(self, story: Story, seed: int) -> None:
        self._story = story
        self._random = np.random.default_rng(seed)
        self._times = np.arange(5, story.minutes * 60, SCRAPES, dtype=np.float64)

    def series(self) -> list[Series]:
        """Everything that Prometheus has."""
        return [*self._pod("a"), *self._pod("b"), *self._gateway(), *self._up("other", {"namespace": "elsewhere"})]

    def _pod(self, name: str) -> Iterator[Series]:
        labels = {"namespace": "shop", "toprope_dev_name": "links", "pod": f"links-{name}"}
        yield from self._up(name, labels)
        states = self._states(name)
        ready = np.array([state is State.UP for state in states], dtype=np.float64)
        yield self._sampled("workload_ready", labels, ready, _answering(states), states)
        for route in ("/{slug}", "/healthz"):
            for code in CODES:
                whole = {**labels, "http_route": route, "http_response_status_code": code}
                yield from self._histogram(name, "http_server_request_duration_seconds", whole, code)
        yield self._counter(name, "http_server_requests_cut_total", {**labels, "route_class": "main"}, 0.01)
        for result, share in (("failed", 0.02), ("done", 0.5)):
            yield self._counter(name, "jobs_total", {"pod": labels["pod"], "result": result}, share)

    def _gateway(self) -> Iterator[Series]:
        for code in CODES:
            labels = {"service": "shop-links-web", "code": code}
            counts = self._counts("gateway", code)
            yield self._scraped("gateway", "traefik_router_requests_total", labels, counts, code)
            bucket = np.floor(counts * 0.7)
            name = "traefik_router_request_duration_seconds_bucket"
            yield self._scraped("gateway", name, {**labels, "le": "1.0"}, bucket, code)

    def _up(self, target: str, labels: Mapping[str, str]) -> Iterator[Series]:
        states = self._states(target)
        up = _answering(states)
        known = up | np.array([state is State.REFUSES for state in states])
        yield self._sampled("up", labels, up.astype(np.float64), known, states)

    def _histogram(self, target: str, name: str, labels: Mapping[str, str], code: str) -> Iterator[Series]:
        counts = self._counts(target, code)
        yield self._scraped(target, f"{name}_count", labels, counts, code)
        for bound, share in zip(BOUNDS, (0.6, 0.9, 1.0), strict=True):
            yield self._scraped(target, f"{name}_bucket", {**labels, "le": bound}, np.floor(counts * share), code)

    def _counter(self, target: str, name: str, labels: Mapping[str, str], share: float) -> Series:
        return self._scraped(target, name, labels, self._cumulated(target, share), "200")

    def _counts(self, target: str, code: str) -> Values:
        share = {"200": 1.0, "500": 0.15, "499": 0.02}[code]
        return self._cumulated(target, share, bursts=code == "500")

    def _cumulated(self, target: str, share: float, *, bursts: bool = False) -> Values:
        begin, end = self._story.quiet
        loud = ~((begin * 60 <= self._times) & (self._times < end * 60))
        if bursts:
            loud &= np.repeat(self._random.random(self._times.size // BURST + 1) < 0.4, BURST)[: self._times.size]
        events = self._random.poisson(self._story.a_second * share * SCRAPES, self._times.size) * loud
        counts = np.cumsum(events).astype(np.float64) + self._random.integers(0, 50)
        for minute in self._story.resets.get(target, ()):
            after = self._times >= minute * 60
            counts[after] -= counts[after][0]
        return counts

    def _scraped(self, target: str, name: str, labels: Mapping[str, str], counts: Values, code: str) -> Series:
        states = self._states(target)
        born = self._times >= self._story.born.get(code, 0) * 60
        return self._sampled(name, labels, counts, born & _answering(states), states)

    def _sampled(
        self, name: str, labels: Mapping[str, str], values: Values, there: Mask, states: Sequence[State]
    ) -> Series:
        ended, was = [], False
        for time, now, state in zip(self._times.tolist(), there.tolist(), states, strict=True):
            if state is State.UNSEEN:
                continue
            if was and not now:
                ended.append(time)
            was = now
        return scraped(name, labels, self._times[there], values[there], stale=ended)

    def _states(self, target: str) -> Sequence[State]:
        # The same for each of a target's series.
        missed = np.random.default_rng(sum(target.encode())).random(self._times.size) < self._story.missed
        return [self._state(target, time / 60, unseen) for time, unseen in zip(self._times, missed, strict=True)]

    def _state(self, target: str, minute: float, unseen: bool) -> State:
        spans = self._story.spans.get(target, ())
        told = next((state for begin, end, state in spans if begin <= minute < end), State.UP)
        return State.UNSEEN if unseen else told


def _answering(states: Sequence[State]) -> Mask:
    return np.array([state in (State.UP, State.UNREADY) for state in states], dtype=np.bool_)
