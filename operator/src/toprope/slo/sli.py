"""What counts: an SLI is two counters, total and bad, read from one source after another.

    Sli ── sources ──► Source: total, bad ──► Tally: series that are added, less series that are part of them

A kind says in one place where it is counted (`Counted`); the fields of the SLO say what of it is bad. Where the gateway
counts, it decides: a dead pod moves no counter of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from toprope.core.names import short_hash
from toprope.slo.examples import examples
from toprope.slo.selectors import alike
from toprope.slo.series import Series
from toprope.slo.spec import Ratio, Slo, seconds_of

GAVE_UP = "499"
"""A client that went away: bad when it had waited longer than the SLO's threshold, and no request at all before."""
PATIENCE = Decimal(1)
"""Seconds that a client waits before giving up is our fault, where the SLO has no threshold."""

REQUESTS = "http_server_request_duration_seconds"
_STATUS = "http_response_status_code"
CUT = "http_server_requests_cut_total"
READY = "workload_ready"
"""What a pod says of itself; one of an earlier version says nothing, and its `up` decides."""


GATEWAY = "Gateway"
"""Name of the source that sees also what finds no pod."""
OWN = "Own"
"""Name of the source that somebody's own selectors are."""


@dataclass(frozen=True, slots=True)
class Tally:
    """A counter made of PromQL selectors of counters."""

    added: tuple[str, ...]
    less: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Somebody who counts."""

    name: str
    """As in the status: `Gateway`, `Pods`, `Own`."""
    anchor: str
    """Selector of the counters that are there as soon as anything is: what else is missing counts 0."""
    total: Tally
    bad: Tally
    known: tuple[Series, ...]
    """Counters that together count as the source's do; none where its selectors are somebody's own."""
    bucket: str | None = None
    """Selector of the histogram's bucket that tells who had waited before he gave up; None where it is always there."""

    @property
    def examples(self) -> tuple[Series, ...]:
        """Counters that together count as the source's do; none where none were found. Only proofs need them."""
        return self.known or examples(self.bad.added[0], self.total.added[0])


@dataclass(frozen=True, slots=True)
class Sli:
    """Two counters. The first source that has series decides."""

    sources: tuple[Source, ...]
    meaning: str
    """A short name for what counts and what of it is bad, as the spec has it; the same whoever counts, so that another
    gateway, or selectors that a newer operator writes, make no other SLO of it."""
    alive: str | None = None
    """Selector of the `up` of those who count: when none of them is up, while Prometheus scrapes others, requests
    count as bad at the rate of the last hour. None: their silence says nothing."""
    ready: str | None = None
    """Selector of what they say of their readiness: 0 is as bad as not being up, for nobody sends them a request."""
    elsewhere: str = "up"
    """Selector of the `up` of targets that Prometheus reaches through the network only."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How one resource's requests are counted. Matchers are PromQL, as `namespace="shop",toprope_dev_name="links"`."""

    namespace: str
    pods: str
    """Matchers of its pods' series."""
    routes: Mapping[str, tuple[str, ...]]
    """Published route → the templates in its `http_route` label; a trailing `*` makes a template a prefix."""
    gateway: str | None = None
    """Matcher of its route in Traefik's `router` label; None without traffic through a gateway."""
    router: str = ""
    """One such label, as `router="…"`."""
    monitoring: str = ""
    """Namespace in which Prometheus runs."""


def sli_of(slo: Slo, counted: Counted) -> Sli:
    """The counters of an SLO. A `ratio` must have been read by `selectors.within` before."""
    if slo.ratio:
        return _of_own(slo.ratio, meaning_of(slo))
    if slo.latency:
        threshold = seconds_of(slo.latency.threshold)
        routes = [slo.latency.route] if slo.latency.route else counted.routes
        return Sli((_slow(counted, routes, threshold),), meaning_of(slo), *_standing(counted))
    pods = _failed(counted)
    through = (_through_gateway(counted.gateway, counted.router),) if counted.gateway else ()
    return Sli((*through, pods), meaning_of(slo), *_standing(counted))


def meaning_of(slo: Slo) -> str:
    """`Sli.meaning`, of the spec alone."""
    if slo.ratio:
        return _meaning("ratio", alike(slo.ratio.bad), alike(slo.ratio.total))
    if slo.latency:
        return _meaning("latency", slo.latency.threshold, slo.latency.route or "")
    return _meaning("availability")


def _of_own(ratio: Ratio, meaning: str) -> Sli:
    source = Source(OWN, ratio.total, Tally((ratio.total,)), Tally((ratio.bad,)), ())
    return Sli((source,), meaning)


def _meaning(*words: str) -> str:
    return short_hash("\n".join(words))


def _standing(counted: Counted) -> tuple[str, str, str]:
    elsewhere = f'up{{namespace!~"|{counted.monitoring}"}}' if counted.monitoring else 'up{namespace!=""}'
    return f"up{{{counted.pods}}}", f"{READY}{{{counted.pods}}}", elsewhere


def _through_gateway(routers: str, router: str) -> Source:
    """Traefik counts each route, also the requests that found no pod: its counters of a backend know nothing of those
    (measured with 3.7).
    """
    requests = "traefik_router_requests_total"
    took = "traefik_router_request_duration_seconds_bucket"
    anchor = f"{requests}{{{routers}}}"
    hasty = f'{took}{{{routers},code="{GAVE_UP}",{bucket(PATIENCE)}}}'
    failed = f'{requests}{{{routers},code=~"5..|{GAVE_UP}"}}'
    answered = Series(f'{requests}{{{router},code="200"}}', 1, 0)
    refused = Series(f'{requests}{{{router},code="503"}}', 0, 1)
    total, bad = Tally((anchor,), (hasty,)), Tally((failed,), (hasty,))
    return Source(GATEWAY, anchor, total, bad, (answered, refused), f"{took}{{{routers},{bucket(PATIENCE)}}}")


def _failed(counted: Counted) -> Source:
    where = of_routes(counted, counted.routes)
    anchor = f"{REQUESTS}_count{{{where}}}"
    hasty = f'{REQUESTS}_bucket{{{where},{_STATUS}="{GAVE_UP}",{bucket(PATIENCE)}}}'
    failed = f'{REQUESTS}_count{{{where},{_STATUS}=~"5..|{GAVE_UP}"}}'
    cut = f'{CUT}{{{counted.pods},route_class="main"}}'
    one = _one(counted, counted.routes)
    found = (
        Series(f'{REQUESTS}_count{{{one},{_STATUS}="200"}}', 1, 0),
        Series(f'{REQUESTS}_count{{{one},{_STATUS}="500"}}', 0, 1),
    )
    return Source("Pods", anchor, Tally((anchor, cut), (hasty,)), Tally((failed, cut), (hasty,)), found)


def _slow(counted: Counted, routes: Iterable[str], threshold: Decimal) -> Source:
    where = of_routes(counted, routes)
    anchor = f"{REQUESTS}_count{{{where}}}"
    hasty = f'{REQUESTS}_bucket{{{where},{_STATUS}="{GAVE_UP}",{bucket(threshold)}}}'
    good = f'{REQUESTS}_bucket{{{where},{_STATUS}!~"5..|{GAVE_UP}",{bucket(threshold)}}}'
    one = f'{_one(counted, routes)},{_STATUS}="200"'
    fast = f'{REQUESTS}_bucket{{{one},le="{threshold.normalize():f}"}}'
    found = (Series(f"{REQUESTS}_count{{{one}}}", 1, 1), Series(fast, 1, 0))
    return Source("Pods", anchor, Tally((anchor,), (hasty,)), Tally((anchor,), (hasty, good)), found)


def of_routes(counted: Counted, routes: Iterable[str]) -> str:
    """Matchers of what its pods count of these published routes."""
    patterns = [_pattern(template) for name in routes for template in counted.routes[name]]
    return f'{counted.pods},http_route=~"{"|".join(patterns)}"'


def _one(counted: Counted, routes: Iterable[str]) -> str:
    first = counted.routes[next(iter(routes))][0]
    return f'{counted.pods},http_route="{first.removesuffix("*")}"'


def _pattern(template: str) -> str:
    """A regular expression of RE2, within a PromQL string."""
    whole = "".join(f"[{letter}]" if letter in ".{}+?$()[|" else letter for letter in template.removesuffix("*"))
    return f"{whole}.*" if template.endswith("*") else whole


def bucket(bound: Decimal) -> str:
    """The matcher of a histogram's bucket: Prometheus 3 writes `1` as `1.0`."""
    text = f"{bound.normalize():f}"
    return f'le="{text}"' if "." in text else f'le=~"{text}([.]0)?"'
