"""What a service declares about itself before any of its code runs.

The supervisor imports this and nothing else of a service: it needs the names of the routes that count and the
numbers that all worker processes add up, not the web framework.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Counter:
    """A number that only grows; `/metrics` shows the sum over all worker processes, dead ones included."""

    name: str
    help: str
    labels: Labels = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.name, *sorted(self.labels.items())))


@dataclass(frozen=True)
class Gauge:
    """A number that goes up and down in each worker; `merge` says how the workers' values become one."""

    name: str
    help: str
    labels: Labels = field(default_factory=dict)
    merge: Literal["sum", "max"] = "sum"
    on_death: Counter | None = None
    """Counter that receives what stood here when a worker died: what was held in memory is lost, and counted."""

    def __hash__(self) -> int:
        return hash((self.name, *sorted(self.labels.items())))


@dataclass(frozen=True)
class Trials:
    """An SLI that is no request's status or time: two counters of the service, of what went well and what did not."""

    good: Counter
    bad: Counter


@dataclass(frozen=True)
class Service:
    """One workload: how its app is made and what the world may count of it."""

    name: str
    factory: str
    """`module:callable`, run once in each worker process with its `Worker`; returns the ASGI app."""

    published: Mapping[str, tuple[str, ...]]
    """Route name of an SLI → the route templates that belong to it; a trailing `*` makes a template a prefix."""

    numbers: tuple[Counter | Gauge, ...] = ()

    trials: Mapping[str, Trials] = field(default_factory=dict)
    """Name of an SLI → what is counted for it; `/sli` shows them beside the routes. Only of users' requests."""

    def route_name(self, template: str) -> str | None:
        """The published name of a route template, or None when requests to it count for no SLI."""
        for name, templates in self.published.items():
            if any(_covers(pattern, template) for pattern in templates):
                return name
        return None


def _covers(pattern: str, template: str) -> bool:
    return template.startswith(pattern[:-1]) if pattern.endswith("*") else template == pattern
