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
_FIRST_RULE = re.compile(r"httproute-.+-ep-.+-0-[0-9a-f]{20}-svc-(.+)-[0-9]+@kubernetesgateway")
_LABEL = re.compile(rb'([a-z_]+)="([^"]*)"')
_GAVE_UP = f'code="{GAVE_UP}"'.encode()
_PATIENT = (b'le="1"', b'le="1.0"')
"""The bucket of those who gave up within a second."""
_MOST = 2.0**53

Backends = Mapping[str, Mapping[str, Count]]
"""By the Service as Traefik writes it, and by its whole name for the backend: which is another one when the backend
takes another place in the route, or the route other host names. Of those that are gone it forgets the counters."""


class NoGatewayPage(ValueError):
    """A gateway answered something that is no page of Traefik's counters."""


@dataclass(frozen=True, slots=True)
class GatewayPage:
    """What one process of a gateway has counted since it began."""

    born: float
    """When its counters began, by its own clock; another value is another process."""
    backends: Backends

    def counts(self, namespace: str, route: str, service: str) -> Mapping[str, Count]:
        """Requests that the route sent to a Service of its namespace, by the backends that it has been. A counter is
        born with its first request."""
        backends, before = self.backends.get(hyphenated(f"{namespace}-{service}"), {}), _before(namespace, route)
        return {backend: count for backend, count in backends.items() if backend.startswith(before)}

    def grown(self, before: "GatewayPage", namespace: str, route: str, service: str) -> Count:
        """What came since that page."""
        then = before.counts(namespace, route, service) if before.born == self.born else {}
        now = self.counts(namespace, route, service)
        return sum((count.since(then.get(backend, Count())) for backend, count in now.items()), Count())

    def knows(self, namespace: str, route: str) -> bool:
        """Whether the route has sent anybody anything."""
        before = _before(namespace, route)
        return any(each.startswith(before) for backends in self.backends.values() for each in backends)


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
        backend, code, number = _sample(line)
        if service := _service(backend):
            bad = number if code.startswith("5") or code == GAVE_UP else 0
            found[service][backend] = found[service].get(backend, Count()) + Count(number, bad)
    for line in _hasty(page):
        backend, _, number = _sample(line)
        if service := _service(backend):
            found[service][backend] = found[service].get(backend, Count()).without(Count(number, number))
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


def _sample(line: bytes) -> tuple[str, str, int]:
    """Backend, code and value."""
    labels, _, number = line.rpartition(b" ")
    named = dict(_LABEL.findall(labels))
    counted = float(number)
    if not 0 <= counted <= _MOST:
        raise ValueError(number.decode(errors="replace"))
    backend, code = (named.get(name, b"").decode(errors="replace") for name in (b"service", b"code"))
    return backend, code, int(counted)


@lru_cache(maxsize=4096)
def _service(backend: str) -> str | None:
    """Of a backend of a first rule; None of whatever else is counted."""
    found = _FIRST_RULE.fullmatch(backend)
    return found[1] if found else None
