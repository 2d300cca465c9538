"""What counts, as of this second: the SLIs of `sli`, from the page that a pod answers at `/sli`.

One meaning, two sources: what Prometheus has of the same pod comes to the same counts (a test holds them together).
A `ratio` counts with counters of its own, which only Prometheus reads: it has no now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from toprope.slo.sli import PATIENCE
from toprope.slo.spec import Slo, seconds_of

MAIN, PREVIEW = "main", "preview"
"""The classes of requests: users', and those that ask for the candidate by name and count for nothing."""

Number = Annotated[int, Field(ge=0, le=2**53)]
"""Beyond this a count of one more is no longer told apart."""


class NoSliPage(ValueError):
    """A pod answered something that is no page of counters."""


@dataclass(frozen=True, slots=True)
class Count:
    """Requests that counted, and those of them that were bad."""

    total: int = 0
    bad: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.total + other.total, self.bad + other.bad)

    def without(self, part: "Count") -> "Count":
        """Without a part of it that counts for nothing."""
        return Count(max(0, self.total - part.total), max(0, self.bad - part.bad))

    def since(self, before: "Count") -> "Count":
        """What came after `before`; all of it where a counter has fallen, for its process began anew."""
        if self.total < before.total or self.bad < before.bad:
            return self
        return Count(self.total - before.total, self.bad - before.bad)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, allow_inf_nan=False)


class Route(_Model):
    """Requests of one published route that are over. Lists are by bucket, not cumulative."""

    total: Number
    errors: Number
    gone: tuple[Number, ...]
    """Clients that gave up, by how long they had waited."""
    latency: tuple[Number, ...]
    """Answers below 500, by how long they took."""


class RouteClass(_Model):
    """All requests of one class."""

    started: Number
    finished: Number
    cut: Number
    """Requests that were unanswered when their process died."""
    oldest_unfinished: Annotated[float, Field(ge=0)]
    """Seconds since the oldest request began that has no answer yet; 0 without one."""
    routes: Mapping[str, Route]


class Page(_Model):
    """What a pod answers at `/sli`."""

    boot: float = 0.0
    """When its counters began, by its own clock; another value is another process."""
    buckets: tuple[float, ...]
    """Upper bounds in seconds, ascending; the last bucket of a list has none."""
    classes: Mapping[str, RouteClass]


def read(text: bytes) -> Page:
    """The page; NoSliPage where it is none, or its lists do not fit its buckets."""
    try:
        page = Page.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the page"
        raise NoSliPage(f"{where}: {first['msg']}") from error
    lists = (
        one for each in page.classes.values() for route in each.routes.values() for one in (route.gone, route.latency)
    )
    if any(len(one) != len(page.buckets) + 1 for one in lists):
        raise NoSliPage(f"a list does not have {len(page.buckets) + 1} buckets")
    if any(route.total < _answered(route) for each in page.classes.values() for route in each.routes.values()):
        raise NoSliPage("a route has more answers than requests")
    return page


def count(page: Page, slo: Slo, route_class: str = MAIN) -> Count | None:
    """What the pod has counted for an SLO since its start; None where now has nothing to say: a `ratio`, a class that
    is not there, a threshold that is none of the page's buckets."""
    counted = page.classes.get(route_class)
    if counted is None or slo.ratio:
        return None
    threshold = seconds_of(slo.latency.threshold) if slo.latency else PATIENCE
    within = _within(page.buckets, threshold)
    if within is None:
        return None
    if slo.latency:
        return _sum(_slow(route, within) for route in _of(counted, slo.latency.route))
    return _sum(_failed(route, within) for route in counted.routes.values()) + Count(counted.cut, counted.cut)


def _answered(route: Route) -> int:
    return route.errors + sum(route.gone) + sum(route.latency)


@lru_cache(maxsize=256)
def _within(buckets: tuple[float, ...], bound: Decimal) -> int | None:
    """How many buckets lie within a bound. Asked for each pod and SLO once a second, with few different answers."""
    found = [index for index, one in enumerate(buckets, 1) if Decimal(str(one)) == bound]
    return found[0] if found else None


def _of(counted: RouteClass, name: str | None) -> Iterable[Route]:
    return counted.routes.values() if name is None else [counted.routes[name]] if name in counted.routes else []


def _failed(route: Route, patient: int) -> Count:
    hasty = sum(route.gone[:patient])
    return Count(route.total - hasty, route.errors + sum(route.gone) - hasty)


def _slow(route: Route, within: int) -> Count:
    total = route.total - sum(route.gone[:within])
    return Count(total, total - sum(route.latency[:within]))


def _sum(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())
