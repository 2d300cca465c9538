"""From what Prometheus answers to the numbers of each SLO. Six queries speak of all resources at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from toprope.core.measured import Numbers, Sample
from toprope.io.prometheus import Series, Unseen
from toprope.slo.rules import (
    BAD,
    BURN,
    ERRORS,
    FIRST,
    INTERVAL,
    LOST_RATE,
    OBJECTIVE,
    TOTAL,
    TOTAL_RATE,
    Identity,
)

_SPAN = "[90s]"
"""Three evaluations: of a range, Prometheus tells when each sample was recorded; of an instant it does not."""
_LAG = 1.5 * INTERVAL
"""Seconds by which a sample may be older than the newest evaluation, which may not be over yet. What is older has
vanished since: where nothing happens, there is no ratio."""

QUERIES = (
    f'{{__name__=~"{OBJECTIVE}|{TOTAL_RATE}|{FIRST}|{LOST_RATE}"}}{_SPAN}',
    # An SLO's own window is a week at least, those of its tiers are shorter.
    f'{ERRORS}{{window=~"([7-9]|[1-9][0-9])d"}}{_SPAN}',
    f"{TOTAL}{_SPAN}",
    f"{BAD}{_SPAN}",
    f"{BURN}{_SPAN}",
)
HISTORY = (
    f"min_over_time(timestamp({OBJECTIVE})[90d:1h])",
    f"min_over_time(timestamp({OBJECTIVE})[1h:1m])",
)
"""When the rules were evaluated first: to the hour, and to the minute where that was within the last hour."""

_Draft = dict[str, dict[str, Series]]
"""The newest series of one SLO, by record and window; most records have none, which is the window ``."""


def recorded(series: Iterable[Series], clock: float, now: datetime) -> dict[Identity, Numbers]:
    """The numbers of every SLO. `clock` was the time at Prometheus when it was `now` here."""
    try:
        drafts = _drafts(series)
        return {identity: _numbers(draft, clock, now) for identity, draft in drafts.items() if OBJECTIVE in draft}
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Unseen(f"Prometheus answers in a shape of its own: {type(error).__name__}.") from error


def histories(series: Iterable[Series]) -> dict[Identity, float]:
    """When each SLO's history begins, by Prometheus' clock."""
    found: dict[Identity, float] = {}
    for one in series:
        if identity := _identity(one.labels):
            found[identity] = min(one.value, found.get(identity, one.value))
    return found


def _identity(labels: Mapping[str, Any]) -> Identity | None:
    try:
        return Identity(labels["namespace"], labels["kind"], labels["name"], labels["slo"])
    except KeyError:
        return None  # somebody else's record of the same name


def _drafts(series: Iterable[Series]) -> dict[Identity, _Draft]:
    drafts: dict[Identity, _Draft] = {}
    for one in series:
        if identity := _identity(one.labels):
            kept = drafts.setdefault(identity, {}).setdefault(one.labels["__name__"], {})
            # Two of one identity are a pair of replicas, or the rules before and after a change.
            key = one.labels.get("window", "")
            if key not in kept or one.at > kept[key].at:
                kept[key] = one
    return drafts


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes samples of what is as new as the last evaluation."""

    draft: _Draft
    oldest: float
    clock: float
    now: datetime
    moments: dict[float, datetime]
    """A handful of times make all of them."""

    def windows(self, record: str) -> dict[str, Sample]:
        found = self.draft.get(record, {})
        return {window: self._sample(one) for window, one in found.items() if one.at >= self.oldest}

    def single(self, record: str) -> Sample | None:
        return next(iter(self.windows(record).values()), None)

    def _sample(self, one: Series) -> Sample:
        at = self.moments.get(one.at)
        if at is None:
            at = self.moments[one.at] = self.now + timedelta(seconds=one.at - self.clock)
        return Sample(one.value, at)


def _numbers(draft: _Draft, clock: float, now: datetime) -> Numbers:
    objective = draft[OBJECTIVE][""]
    reader = _Reader(draft, objective.at - _LAG, clock, now, {})
    return Numbers(
        rules=objective.labels["rules"],
        evaluated=reader.single(OBJECTIVE),
        counted=reader.single(TOTAL_RATE),
        gateway=reader.single(FIRST),
        lost=reader.single(LOST_RATE),
        error=reader.single(ERRORS),
        total=reader.windows(TOTAL),
        bad=reader.windows(BAD),
        burn=reader.windows(BURN),
    )
