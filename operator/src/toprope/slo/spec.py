"""The SLOs of a resource, as every kind takes them. All of it is live: no field makes a new revision."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from toprope.core.model import DnsLabel, SpecModel, ruled
from toprope.slo.windows import DAY, LONGEST, SHORTEST, SHORTEST_KEPT, days

_PERCENT = r"^[0-9]{1,3}(\.[0-9]{1,6})?$"
_DAYS_OF = r"^[0-9]{1,2}d$"
_NO_BUDGET = "an objective of 100 leaves no error budget: write 99.99, or what users need"
_NOTHING = "an objective of 0 asks for nothing: write the percentage of good requests"
_TOO_SHORT_OR_LONG = "window is 7d to 90d: alerts of a shorter one would look at fewer than four scrapes"


def _leaves_a_budget(objective: str) -> str:
    """The API server says it by its rules; this is for files that never meet one."""
    if not re.fullmatch(_PERCENT, objective):
        raise ValueError('an objective is a percentage with six decimals at most, as "99.9"')
    if Decimal(objective) >= 100:
        raise ValueError(_NO_BUDGET)
    if Decimal(objective) == 0:
        raise ValueError(_NOTHING)
    return objective


def _is_long_enough(window: str) -> str:
    if not re.fullmatch(_DAYS_OF, window):
        raise ValueError("a window is whole days, as 30d: 7d to 90d")
    if not SHORTEST <= days(window) <= LONGEST:
        raise ValueError(_TOO_SHORT_OR_LONG)
    return window


Objective = Annotated[
    str,
    AfterValidator(_leaves_a_budget),
    Field(
        pattern=_PERCENT,
        max_length=10,
        json_schema_extra=ruled(
            ("double(self) < 100.0", _NO_BUDGET),
            ("double(self) > 0.0", _NOTHING),
        ),
    ),
]
Window = Annotated[
    str,
    AfterValidator(_is_long_enough),
    Field(
        pattern=_DAYS_OF,
        max_length=3,
        json_schema_extra=ruled(
            (
                f"int(self.replace('d', '')) >= {SHORTEST} && int(self.replace('d', '')) <= {LONGEST}",
                _TOO_SHORT_OR_LONG,
            )
        ),
    ),
]
Threshold = Literal[
    "1ms", "2.5ms", "5ms", "10ms", "25ms", "50ms", "75ms", "100ms", "150ms", "200ms", "250ms", "300ms", "400ms",
    "500ms", "750ms", "1s", "1.5s", "2s", "2.5s", "5s", "10s",
]  # fmt: skip
"""Upper bounds of the buckets of `http_server_request_duration_seconds`."""

Selector = Annotated[str, Field(min_length=1, max_length=1024)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=1024)]
MOST_LABELS, LONGEST_LABEL, LONGEST_VALUE = 8, 64, 128
LabelValue = Annotated[str, Field(max_length=LONGEST_VALUE)]


def seconds_of(threshold: str) -> Decimal:
    """A threshold in seconds, exactly: `2.5ms` is 0.0025."""
    if threshold.endswith("ms"):
        return Decimal(threshold[:-2]) / 1000
    return Decimal(threshold[:-1])


class Availability(SpecModel):
    """Bad is a request that was answered with 5xx, cut, or given up by its client after a second of waiting."""


class Latency(SpecModel):
    """Bad is a request that took longer than the threshold, and any that failed, however fast."""

    threshold: Threshold
    """The slowest answer that is still good: one of the buckets of the histogram."""

    route: Annotated[DnsLabel, Field(max_length=32)] | None = None
    """Name of one published route, as `redirect`. Left out: all of them."""


class Ratio(SpecModel):
    """Counters of your own. Only those of the resource's namespace count: the matcher is added."""

    bad: Selector
    """PromQL selector of the counters that count bad events, as `jobs_total{result="failed"}`."""

    total: Selector
    """PromQL selector of the counters that count all events, as `jobs_total`."""


OURS = ("namespace", "kind", "name", "slo", "severity", "alertname", "window")
"""Labels of alerts that say whose they are."""
LABEL = "^([a-zA-Z][a-zA-Z0-9_]*|_([a-zA-Z0-9][a-zA-Z0-9_]*)?)$"
"""Names that alerts' labels may have: what begins with __ is Prometheus' own, and `__name__` it refuses."""
_CALLED = "labels are called as Prometheus allows it: letters, digits and _, not a digit first, not __ first"
_WHOSE = "labels that say whose alert it is cannot be set: namespace, kind, name, slo, severity, alertname, window"


def _are_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    if any(len(label) > LONGEST_LABEL or not re.fullmatch(LABEL, label) for label in labels):
        raise ValueError(_CALLED)
    if any(label in OURS for label in labels):
        raise ValueError(_WHOSE)
    return labels


class Alerting(SpecModel):
    """Which alerts there are, and what they carry."""

    page: bool = True
    """Whether somebody is woken when the budget burns so fast that it will not last for days."""

    ticket: bool = True
    """Whether a ticket is opened when the budget burns faster than it comes back, and when nobody counts any more.
    Without tickets only the condition SloDataPresent says the latter."""

    labels: Annotated[
        dict[str, LabelValue],
        Field(
            max_length=MOST_LABELS,
            json_schema_extra=ruled(
                (f"self.all(l, l.size() <= {LONGEST_LABEL} && l.matches('{LABEL}'))", _CALLED),
                (f"!self.exists(l, l in {list(OURS)})", _WHOSE),
            ),
        ),
        AfterValidator(_are_labels),
    ] = {}
    """Labels that are added to the alerts, as `team: links`, so that Alertmanager can route them."""


# In whole numbers, for at f · EB = 1 doubles are off by a hair: millionths of a percent, and the factor of the slowest
# tier that is asked for, f = n · days / 30, n · 1 below SHORTEST_KEPT (`windows.tiers`).
_DAYS = "int(self.window.replace('d', ''))"
_BUDGET = "(100000000 - int(double(self.objective) * 1000000.0 + 0.5))"
_SLOWEST = "(has(self.alerting.ticket) && self.alerting.ticket ? 1 : 6)"
_STRETCH = f"({_DAYS} >= {SHORTEST_KEPT // DAY} ? {_DAYS} : 30)"
_ALERTS = "self.alerting.page || self.alerting.ticket"
_ONE_INDICATOR = (
    "(has(self.availability) ? 1 : 0) + (has(self.latency) ? 1 : 0) + (has(self.ratio) ? 1 : 0) == 1",
    "exactly one of availability, latency and ratio says what is counted",
)
_SOME_TIER_LIVES = (
    f"!({_ALERTS}) || {_BUDGET} * {_SLOWEST} * {_STRETCH} < 3000000000",
    "no alert of this SLO could ever fire, even if every request failed: raise the objective, or allow tickets",
)


class Slo(SpecModel):
    """One promise about the resource, and the budget of failures that it leaves."""

    model_config = ConfigDict(json_schema_extra=ruled(_ONE_INDICATOR, _SOME_TIER_LIVES))

    name: Annotated[DnsLabel, Field(max_length=40)]
    """Name of the SLO, unique in the resource."""

    objective: Objective
    """How many of 100 requests must be good, as text: `"99.9"`."""

    window: Window = "30d"
    """Rolling window that the objective is promised over, in days."""

    description: Annotated[str, Field(max_length=1024)] | None = None
    """What the promise means to its users; alerts and dashboards show it."""

    runbook_url: Url | None = None
    """What to read when it is broken. Default: Toprope's own page on the alert."""

    alerting: Alerting = Alerting()
    """Which alerts there are. Default: pages and tickets."""

    availability: Availability | None = None
    """Counts requests that failed."""

    latency: Latency | None = None
    """Counts requests that were slow or failed."""

    ratio: Ratio | None = None
    """Counts with counters of your own."""

    @property
    def has_now(self) -> bool:
        """Whether it is counted as requests come, so that it can judge a candidate: a `ratio` is known to Prometheus
        alone."""
        return self.ratio is None

    @model_validator(mode="after")
    def _counts_one_thing(self) -> "Slo":
        if [self.availability, self.latency, self.ratio].count(None) != 2:
            raise ValueError("exactly one of availability, latency and ratio says what is counted")
        return self


def _are_called_apart(slos: Sequence[Slo]) -> Sequence[Slo]:
    names = [slo.name for slo in slos]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"the names of SLOs are unique in a resource; twice there: {', '.join(twice)}")
    return slos


Slos = Annotated[
    list[Slo],
    Field(max_length=16, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
    AfterValidator(_are_called_apart),
]
"""The SLOs of a resource: a list-map by name."""
