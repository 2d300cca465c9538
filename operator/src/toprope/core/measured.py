"""What Prometheus recorded of a resource's SLOs, as values: nothing here asks anybody."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FRESH = timedelta(seconds=150)
"""A sample older than this is none: rules are evaluated once a minute, and three looks in a row may fail."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One number, and when it was recorded (by the operator's clock)."""

    value: float
    at: datetime

    def fresh(self, now: datetime) -> bool:
        """Whether it speaks of now, and is a number at all."""
        return now - self.at <= FRESH and math.isfinite(self.value)


def value(sample: Sample | None, now: datetime) -> float | None:
    """The number; None where there is no fresh one."""
    return sample.value if sample and sample.fresh(now) else None


@dataclass(frozen=True, slots=True)
class Numbers:
    """The newest samples of one SLO. Windows are called as their label is: `30d`. What has no sample is absent."""

    rules: str | None = None
    """Version of the rules that are evaluated."""
    sli: str = ""
    """What is counted, in short; empty of rules that do not say it."""
    evaluated: Sample | None = None
    """The objective, which has a sample at each evaluation of the rules."""
    since: datetime | None = None
    """When the history of what is counted begins."""
    counted: Sample | None = None
    """Events a second: present as soon as somebody counts."""
    gateway: Sample | None = None
    """Present while the gateway's counters decide."""
    gateway_lately: Sample | None = None
    """Present while they decide, and for an hour after."""
    bucket: Sample | None = None
    """Present while the gateway tells who had waited before he gave up."""
    bad_series: Sample | None = None
    """Present while a `ratio`'s own selector of bad events matches anything."""
    lost: Sample | None = None
    """Requests a second that nobody is left to count; 0 while somebody counts."""
    error: Sample | None = None
    """Bad events over all events in the SLO's own window."""
    allowed: Sample | None = None
    """Bad events that the budget allows in that window."""
    left: Sample | None = None
    """Share of the budget that is left."""
    total: Mapping[str, Sample] = field(default_factory=dict)
    """Events by window."""
    bad: Mapping[str, Sample] = field(default_factory=dict)
    """Bad events by window."""
    burn: Mapping[str, Sample] = field(default_factory=dict)
    """Burn rate by window."""
    loaded: bool | None = None
    """Whether Prometheus has these rules at all; None while nobody had to ask."""
    failing: str | None = None
    """Why Prometheus cannot evaluate one of them."""


@dataclass(frozen=True, slots=True)
class Blindness:
    """Why nothing is known."""

    since: datetime | None
    """When Prometheus answered last, or was asked first. None: there is none to ask."""
    why: str


@dataclass(frozen=True, slots=True)
class Measured:
    """All that is known of one resource's SLOs."""

    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    """By the SLO's name."""
    blind: Blindness | None = None
    retention: timedelta | None = None
    """How long Prometheus keeps samples; None where it does not say."""

    def of(self, slo: str) -> Numbers:
        """What may be believed of one SLO: nothing while Prometheus is not seen."""
        return Numbers() if self.blind else self.numbers.get(slo, Numbers())
