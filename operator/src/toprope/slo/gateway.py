"""What a gateway has counted of a route's backends, from the page of counters that Traefik answers.

Of the rules of a route only the first one counts: the others are of preview requests, which count for nothing. Bad is
what is bad in `sli` as well: 5xx, and a client that gave up (499) after more than a second. That second takes a bucket
of exactly 1 s; without one every 499 is bad, as in what Prometheus recorded.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from toprope.slo.now import Count
from toprope.slo.sli import GAVE_UP

_TOTAL = b"traefik_service_requests_total"
_TOOK = b"traefik_service_request_duration_seconds"
_BORN = b"process_start_time_seconds"
_FIRST_RULE = re.compile(r"(httproute-.+)-ep-.+-0-[0-9a-f]{20}-svc-(.+)-[0-9]+@kubernetesgateway")
_LABEL = re.compile(rb'([a-z_]+)="([^"]*)"')
_GAVE_UP = f'code="{GAVE_UP}"'.encode()
_PATIENT = (b'le="1"', b'le="1.0"')
"""The bucket of those who gave up within a second."""
_MOST = 2.0**53

Backends = Mapping[str, Mapping[str, Count]]
"""By the Service, and by the route at its gateway, as Traefik writes both."""


class NoGatewayPage(ValueError):
    """A gateway answered something that is no page of Traefik's counters."""


@dataclass(frozen=True, slots=True)
class GatewayPage:
    """What one process of a gateway has counted since it began."""

    born: float
    """When its counters began, by its own clock; another value is another process."""
    backends: Backends

    def count(self, namespace: str, route: str, service: str) -> Count | None:
        """Requests that the route sent to a Service of its namespace; None where it has not sent any since the
        gateway began: a counter is born with its first request."""
        routes = self.backends.get(hyphenated(f"{namespace}-{service}"), {})
        found = [count for each, count in routes.items() if each.startswith(_before(namespace, route))]
        return sum(found, Count()) if found else None

    def knows(self, namespace: str, route: str) -> bool:
        """Whether the route has sent anybody anything."""
        before = _before(namespace, route)
        return any(each.startswith(before) for routes in self.backends.values() for each in routes)


def read(page: bytes) -> GatewayPage:
    """The page; NoGatewayPage where it is none."""
    if b"\n# TYPE traefik_" not in page:
        raise NoGatewayPage("it names no counter of Traefik's; its --metrics.prometheus turns them on")
    try:
        return GatewayPage(_born(page), _backends(page))
    except (ValueError, OverflowError) as error:
        raise NoGatewayPage(f"a counter has no number: {error}") from error


@lru_cache(maxsize=4096)
def hyphenated(text: str) -> str:
    """As Traefik writes names: whatever lies between letters and digits is one hyphen."""
    return "-".join(re.findall("[a-z0-9]+", text))


def _before(namespace: str, route: str) -> str:
    return f"{hyphenated(f'httproute-{namespace}-{route}-gw')}-"


def _born(page: bytes) -> float:
    said = _family(page, _BORN).splitlines()[1:]
    return float(said[0].rpartition(b" ")[2]) if said else 0.0


def _backends(page: bytes) -> Backends:
    found: dict[str, dict[str, Count]] = defaultdict(dict)
    for line in _family(page, _TOTAL).splitlines()[1:]:
        place, code, number = _sample(line)
        if place:
            route, service = place
            bad = number if code.startswith("5") or code == GAVE_UP else 0
            found[service][route] = found[service].get(route, Count()) + Count(number, bad)
    for line in _hasty(page):
        place, _, number = _sample(line)
        if place:
            route, service = place
            found[service][route] = found[service].get(route, Count()).without(Count(number, number))
    return dict(found)


def _hasty(page: bytes) -> Iterator[bytes]:
    """Of those who gave up within a second: they count for nothing. A histogram has many lines, and few are theirs."""
    block, ends = _family(page, _TOOK), 0
    while (at := block.find(_GAVE_UP, ends)) >= 0:
        ends = block.find(b"\n", at)
        line = block[block.rfind(b"\n", 0, at) + 1 : ends]
        if any(bound in line for bound in _PATIENT):
            yield line


def _family(page: bytes, name: bytes) -> bytes:
    """The lines of one metric: its type, and its samples below without anything between."""
    begins = page.find(b"\n# TYPE " + name + b" ")
    if begins < 0:
        return b""
    ends = page.find(b"\n# ", begins + 1)
    return page[begins + 1 : ends if ends >= 0 else len(page)].rstrip() + b"\n"


def _sample(line: bytes) -> tuple[tuple[str, str] | None, str, int]:
    labels, _, number = line.rpartition(b" ")
    named = dict(_LABEL.findall(labels))
    counted = float(number)
    if not 0 <= counted <= _MOST:
        raise ValueError(number.decode(errors="replace"))
    place = _place(named.get(b"service", b"").decode(errors="replace"))
    return place, named.get(b"code", b"").decode(errors="replace"), int(counted)


@lru_cache(maxsize=4096)
def _place(service: str) -> tuple[str, str] | None:
    """Route and Service of a backend; None of whatever else is counted."""
    found = _FIRST_RULE.fullmatch(service)
    return (found[1], found[2]) if found else None
