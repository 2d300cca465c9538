"""What Prometheus has of a service with steady traffic, over hours in which things happen to it or to Prometheus.

Traffic goes on whatever happens, spread evenly over two pods; what no pod answers is bad. What is told here is exact,
so that an outcome can be compared with the maths of `slo.oracle`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tests.support.promql.series import Mask, Series, Times, Values, every, scraped
from toprope.slo.oracle import Phase, Traffic
from toprope.slo.proof import BIRTH, SCRAPE
from toprope.slo.rules import INTERVAL
from toprope.slo.windows import HOUR, MINUTE

PODS = {"namespace": "shop", "toprope_dev_name": "links"}
ROUTER = "httproute-shop-links-web-gw-infra-public-ep-web-0-0123456789abcdef0123@kubernetesgateway"
PER_SECOND = 20.0
REPLICAS = 2

Span = tuple[int, int]
"""From one minute to before another."""


@dataclass(frozen=True, slots=True)
class Tale:
    """What happens."""

    hours: int
    bad: float = 0.0
    """Share of bad ones among what is answered."""
    down: Sequence[Span] = ()
    """When no pod answers."""
    refuse: bool = False
    """Pods that are down are there, and refuse connections; else there are none, and those after are others."""
    unseen: Sequence[Span] = ()
    """When Prometheus is away: it neither scrapes nor evaluates."""
    renewed: int = 0
    """Minutes after which a pod is replaced by one of another name, the pods one after the other; 0: never."""

    @property
    def traffic(self) -> Traffic:
        """All of it, as its users see it."""
        moments = sorted({0, self.hours * 60, *(minute for span in self.down for minute in span)})
        return Traffic(
            [
                Phase((end - begin) * MINUTE, PER_SECOND, 1.0 if _within(begin, self.down) else self.bad)
                for begin, end in pairwise(moments)
            ]
        )

    @property
    def evaluations(self) -> Times:
        """Milliseconds."""
        at = every(INTERVAL, self.hours * HOUR)
        return at[~_covered(at / 1000, self.unseen)]


def series(tale: Tale) -> list[Series]:
    """Everything that Prometheus has: of the pods, of their gateway, and of somebody who is always there."""
    return _Scraper(tale).series()


class _Scraper:
    def __init__(self, tale: Tale) -> None:
        self._tale = tale
        self._times = np.arange(5, tale.hours * HOUR, SCRAPE, dtype=np.float64)
        self._seen = ~_covered(self._times, tale.unseen)
        self._down = _covered(self._times, tale.down)
        self._answered = np.cumsum(np.concatenate([[5.0], np.where(self._down[:-1], 0.0, SCRAPE)])) * PER_SECOND
        self._asked = self._times * PER_SECOND

    def series(self) -> list[Series]:
        elsewhere = scraped("up", {"namespace": "elsewhere"}, self._times[self._seen], self._ones[self._seen])
        pods = [one for pod in range(REPLICAS) for life in self._lives(pod) for one in self._pod(pod, *life)]
        return [*pods, *self._gateway(), elsewhere]

    @property
    def _ones(self) -> Values:
        return np.ones(self._times.size)

    def _lives(self, pod: int) -> Iterator[Span]:
        """A pod's names follow each other; while pods are gone, nobody has any."""
        end, step = self._tale.hours * 60, self._tale.renewed
        moments = {0, end, *(() if self._tale.refuse else (minute for span in self._tale.down for minute in span))}
        if step:
            moments |= set(range(step * (pod + 1) // REPLICAS, end, step))
        ordered = sorted(moments)
        for begin, until in pairwise(ordered):
            if self._tale.refuse or not _within(begin, self._tale.down):
                yield begin, until

    def _pod(self, pod: int, begin: int, until: int) -> Iterator[Series]:
        there = self._seen & _covered(self._times, [(begin, until)])
        up, labels = there & ~self._down, {**PODS, "pod": f"links-{pod}-{begin}"}
        yield self._stored("up", labels, up.astype(np.float64), there)
        born = self._answered[np.searchsorted(self._times, begin * MINUTE)]
        counts = (self._answered - born) / REPLICAS
        for code, share in self._shares.items():
            name = {**labels, "http_route": "/{slug}", "http_response_status_code": code}
            counted = counts * share + (0 if begin else BIRTH)
            yield self._stored("http_server_request_duration_seconds_count", name, counted, up)

    def _gateway(self) -> Iterator[Series]:
        answered = {code: self._answered * share for code, share in self._shares.items()}
        for code, counts in {**answered, "502": self._asked - self._answered}.items():
            labels = {"router": ROUTER, "code": code}
            yield self._stored("traefik_router_requests_total", labels, BIRTH + counts, self._seen)

    @property
    def _shares(self) -> Mapping[str, float]:
        return {"200": 1 - self._tale.bad, "500": self._tale.bad}

    def _stored(self, name: str, labels: Mapping[str, str], values: Values, there: Mask) -> Series:
        """It ends at the first scrape that does not find it."""
        found = there[self._seen]
        ended = np.concatenate([[False], found[:-1] & ~found[1:]])
        return scraped(name, labels, self._times[there], values[there], stale=self._times[self._seen][ended].tolist())


def _covered(seconds: Values, spans: Sequence[Span]) -> Mask:
    covered = np.zeros(seconds.size, dtype=np.bool_)
    for begin, end in spans:
        covered |= (begin * MINUTE <= seconds) & (seconds < end * MINUTE)
    return covered


def _within(minute: int, spans: Sequence[Span]) -> bool:
    return any(begin <= minute < end for begin, end in spans)
