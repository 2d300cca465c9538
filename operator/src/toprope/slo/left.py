"""What a rollout needs to know of an SLO: how much of its budget is left, how many requests come, and its last hour."""

from dataclasses import dataclass
from datetime import datetime

from toprope.core.measured import Numbers, Sample, value
from toprope.slo.promise import Promise
from toprope.slo.windows import HOUR, all_windows, duration, today


@dataclass(frozen=True, slots=True)
class Left:
    """As Prometheus recorded it."""

    events: float
    """Bad events that the budget still allows; below 0 more were spent than there were."""
    rate: float
    """Events a second: those of the last minutes, or of the last day where those were more."""


@dataclass(frozen=True, slots=True)
class Hour:
    """Events of about an hour."""

    total: float
    bad: float


def left(promise: Promise, numbers: Numbers, now: datetime) -> Left | None:
    """None where it is not known."""
    allowed, share = value(numbers.allowed, now), value(numbers.left, now)
    rate = value(numbers.counted, now)
    if allowed is None or share is None or rate is None:
        return None
    span = today(promise.window)
    daily = value(numbers.total.get(duration(span)), now) or 0.0
    return Left(allowed * share, max(rate, daily / span, 0.0))


def last_hour(promise: Promise, numbers: Numbers, until: datetime, now: datetime) -> Hour | None:
    """As it was recorded at `until` or before, in the window that is next to an hour; None where it is not known."""
    window = duration(min(all_windows(promise.window), key=lambda length: abs(length - HOUR)))
    total, bad = (_by(recorded.get(window), until, now) for recorded in (numbers.total, numbers.bad))
    if total is None or bad is None or total <= 0:
        return None
    return Hour(total, min(max(bad, 0.0), total))


def _by(sample: Sample | None, until: datetime, now: datetime) -> float | None:
    return value(sample, now) if sample and sample.at <= until else None
