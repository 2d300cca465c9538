"""What came of a backtest: what is to be doubted of it, what differs, and all of it for machines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from toprope.cli.course import POINTS, Course, course_json
from toprope.cli.planned import spoken
from toprope.core.conditions import timestamp
from toprope.slo.backtest import Backtest, Firing
from toprope.slo.rules import INTERVAL, Identity
from toprope.slo.windows import Severity, duration

_NEARLY = 5 * INTERVAL
"""What a memory may lack at its beginning and still be whole."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One SLO, and what it was before; None where it was not."""

    after: Backtest
    before: Backtest | None

    @property
    def identity(self) -> Identity:
        """Whose it is."""
        return self.after.ruled.identity


@dataclass(frozen=True, slots=True)
class Told:
    """All that there is to tell."""

    start: int
    """Seconds since 1970."""
    end: int
    retention: timedelta | None
    """How long Prometheus keeps samples; None where it does not say."""
    pairs: Sequence[Pair]
    against: str | None
    """The earlier manifest."""
    gone: Sequence[Identity]
    """SLOs that only the earlier manifest has."""

    @property
    def begin(self) -> int | None:
        """When Prometheus' memory begins."""
        return min((pair.after.begin for pair in self.pairs if pair.after.begin is not None), default=None)

    @property
    def since(self) -> int:
        """From when on anything is reckoned."""
        return self.begin if self.begin is not None and self.begin - self.start > _NEARLY else self.start


def doubts(told: Told) -> Iterator[str]:
    """What a reader must know before believing it."""
    asked = spoken(told.end - told.start)
    if told.begin is None:
        yield f"Prometheus remembers nothing of the last {asked}."
        return
    if told.since > told.start:
        keeps = f"it keeps {spoken(told.retention.total_seconds())}" if told.retention else "it has nothing older"
        yield (
            f"Of the {asked} asked for, Prometheus remembers {spoken(told.end - told.since)}, "
            f"from {minute(told.since)} UTC on ({keeps}). Only that is reckoned with."
        )
    for pair in told.pairs:
        yield from (f"{pair.identity.slo}: {doubt}" for doubt in _doubts(pair, told.against))
    yield from (f"{identity.slo}: only {told.against} has it; it is left out." for identity in told.gone)


def _doubts(pair: Pair, against: str | None) -> Iterator[str]:
    sli = pair.after.ruled.sli
    if pair.after.nothing:
        counters = " or ".join(source.anchor for source in sli.sources)
        yield f"nothing is there that it counts: {counters}. Does this Prometheus scrape it?"
    if sli.alive and not pair.after.knows_up:
        yield "no `up` is there: minutes in which nobody could count are not known, nor those without Prometheus."
    if against and pair.before is None:
        yield f"{against} has no such SLO."


def as_json(told: Told) -> dict[str, Any]:
    """Times in UTC; null is not known, or has not ended."""
    return {
        "from": _stamp(told.start),
        "to": _stamp(told.end),
        "begins": None if told.begin is None else _stamp(told.begin),
        "retentionSeconds": told.retention.total_seconds() if told.retention else None,
        "slos": [_pair_as_json(told, pair) for pair in told.pairs],
        "onlyAgainst": [identity.labels for identity in told.gone],
    }


def _pair_as_json(told: Told, pair: Pair) -> dict[str, Any]:
    said = {**pair.identity.labels, **_as_json(told, pair.after)}
    if told.against is None:
        return said
    if pair.before is None:
        return said | {"against": None, "difference": None}
    return said | {"against": _as_json(told, pair.before), "difference": _difference(pair.after, pair.before)}


def _difference(after: Backtest, before: Backtest) -> dict[str, Any]:
    return {
        "pages": more(after, before, Severity.PAGE),
        "tickets": more(after, before, Severity.TICKET),
        "budgetRemaining": more_left(after, before),
        "badEvents": after.bad - before.bad,
    }


def more(after: Backtest, before: Backtest, severity: Severity) -> int:
    """How many more alerts of a severity there would be."""
    return len(after.of(severity)) - len(before.of(severity))


def more_left(after: Backtest, before: Backtest) -> float | None:
    """How much more of the budget would be left; None where one of the two is not known."""
    return None if after.remaining is None or before.remaining is None else after.remaining - before.remaining


def _as_json(told: Told, one: Backtest) -> dict[str, Any]:
    promise = one.ruled.promise
    lowest = {"at": _stamp(one.lowest[0]), "remaining": one.lowest[1]} if one.lowest else None
    return {
        "objective": promise.objective,
        "window": duration(promise.window),
        "attained": one.attained,
        "budgetRemaining": one.remaining,
        "lowest": lowest,
        "events": {"total": one.total, "bad": one.bad, "lost": one.lost},
        "minutes": {"all": one.minutes, "withoutData": one.silent, "lost": one.lost_minutes},
        "leftOut": [tier.name for tier in promise.dead],
        "firings": [_firing_as_json(firing) for firing in one.firings],
        "budgets": course_json(course(told, {"": one}))[""],
    }


def _firing_as_json(firing: Firing) -> dict[str, Any]:
    return {
        "severity": firing.severity.value,
        "from": _stamp(firing.since),
        "to": None if firing.until is None else _stamp(firing.until),
        "tiers": list(firing.tiers),
        "peakBurn": firing.peak,
    }


def course(told: Told, found: Mapping[str, Backtest]) -> Course:
    """How budgets went, at as many moments as a line has characters."""
    step = (told.end - told.since) // (POINTS - 1)
    return Course(told.since, step, {label: list(_points(told.since, step, one)) for label, one in found.items()})


def _points(start: int, step: int, one: Backtest) -> Iterator[tuple[float, float]]:
    known = {at // INTERVAL: share for at, share in one.course}
    for at in range(start, start + POINTS * step, step):
        # The first evaluation may be a minute after the span's beginning.
        share = known.get(at // INTERVAL, known.get(at // INTERVAL + 1))
        if share is not None:
            yield at, share


def minute(seconds: float) -> str:
    """UTC, as people read it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def _stamp(seconds: float) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))
