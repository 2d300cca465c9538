"""What a resource's status says of its SLOs. It is written anew only when a person would notice."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from toprope.core.conditions import moment, timestamp
from toprope.core.measured import Measured, Numbers, value
from toprope.core.model import StatusModel
from toprope.slo.budget import Budget, State, budget
from toprope.slo.promise import Promise
from toprope.slo.sli import GATEWAY
from toprope.slo.windows import DAY, HOUR, MINUTE, duration

STEP = Decimal("0.001")
"""What a number must move by to be worth a write."""
TENTH = 0.1
"""By what share of itself a span of time must move: at a steady burn it shortens all the time, as everybody knows."""
AN_HOUR = timedelta(hours=1)


class BurnRates(StatusModel):
    """How many times faster than the objective allows the budget burns, by tier of the alerts.

    Of both windows of a tier the smaller one: it fires while that is above its factor, and there are enough bad events.
    """

    page_quick: str | None = None
    """Over 5 minutes and 1 hour; pages above 14.4 (at 30 days)."""
    page_slow: str | None = None
    """Over 30 minutes and 6 hours; pages above 6."""
    ticket_quick: str | None = None
    """Over 2 hours and 1 day; a ticket above 3."""
    ticket_slow: str | None = None
    """Over 6 hours and 3 days; a ticket above 1."""


class SloStatus(StatusModel):
    """Where one SLO stands. Numbers are text, rounded to four decimals; the operator's metrics have them in full."""

    name: str
    """Name of the SLO."""
    objective: str | None = None
    """What was promised, in percent."""
    window: str | None = None
    """Over how long."""
    state: State = State.NO_DATA
    """`Met`, `Burning` (an alert's condition holds), `Exhausted` (the budget is spent, on at least 10 bad events), or
    `NoData`."""
    attained: str | None = None
    """Percent of the events in the window that were good."""
    budget_remaining: str | None = None
    """Share of the error budget that is left: 1 is all of it, below 0 more was spent than there was."""
    burn_rate: BurnRates | None = None
    """How fast the budget burns."""
    exhausted_in: str | None = None
    """How long the budget lasts at today's burn; absent when it lasts for good."""
    exhausted_since: str | None = None
    """When it was first seen to be spent."""
    counted_by: str | None = None
    """Whose counters decide: `Gateway`, `Pods`, `Own`, or `Nobody` while no pod takes requests."""
    left_out: list[str] | None = None
    """Tiers of alerts that could never fire at this objective, and so do not exist; absent when all can."""
    history_since: str | None = None
    """When the history begins, while it is shorter than the window: the budget is then that of a whole window at
    today's rate, if that is more than was seen."""


SloStatuses = Annotated[
    list[SloStatus],
    Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
]
"""Where the SLOs stand: a list-map by name."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One SLO: what was promised, what was measured, what it comes to, and how the status says that."""

    promise: Promise
    numbers: Numbers
    budget: Budget
    before: SloStatus
    status: SloStatus


def standings(
    promises: Iterable[Promise], measured: Measured, before: Iterable[SloStatus], now: datetime
) -> list[Standing]:
    """Where each SLO stands; a status is that of `before` as long as nothing moved."""
    known = {status.name: status for status in before}
    return [_standing(one, measured, known.get(one.name, SloStatus(name=one.name)), now) for one in promises]


def _standing(promise: Promise, measured: Measured, before: SloStatus, now: datetime) -> Standing:
    numbers = measured.of(promise.name)
    found = budget(promise, numbers, measured.retention, now)
    status = settled(before, _said(promise, numbers, found, before, now))
    return Standing(promise, numbers, found, before, status)


def least_budget(statuses: Iterable[SloStatus]) -> str | None:
    """What the SLO that stands worst has left of its budget; None while nothing is known of any."""
    known = [one.budget_remaining for one in statuses if one.budget_remaining is not None]
    return min(known, key=Decimal, default=None)


def settled(before: SloStatus, after: SloStatus) -> SloStatus:
    """`after` when its state changed, one of its numbers moved by 0.001 or what is left of its time by a tenth, else
    `before`."""
    is_settled = _words(before) == _words(after) and not any(
        _moved(old, new) for old, new in zip(_figures(before), _figures(after), strict=True)
    )
    return before if is_settled and not (_history_moved(before, after) or _time_moved(before, after)) else after


def _words(status: SloStatus) -> tuple[object, ...]:
    said = (status.objective, status.window, status.state, status.exhausted_since, status.counted_by)
    return (*said, *(status.left_out or ()))


def _figures(status: SloStatus) -> tuple[str | None, ...]:
    burn = status.burn_rate or BurnRates()
    rates = (burn.page_quick, burn.page_slow, burn.ticket_quick, burn.ticket_slow)
    return (status.attained, status.budget_remaining, *rates)


def _moved(before: str | None, after: str | None) -> bool:
    if before is None or after is None:
        return before != after
    return abs(Decimal(after) - Decimal(before)) >= STEP


def _history_moved(before: SloStatus, after: SloStatus) -> bool:
    """Where Prometheus keeps less than the window, the beginning moves all the time."""
    if before.history_since is None or after.history_since is None:
        return before.history_since != after.history_since
    return abs(moment(after.history_since) - moment(before.history_since)) >= AN_HOUR


def _time_moved(before: SloStatus, after: SloStatus) -> bool:
    if before.exhausted_in is None or after.exhausted_in is None:
        return before.exhausted_in != after.exhausted_in
    was = _minutes(before.exhausted_in)
    return abs(_minutes(after.exhausted_in) - was) > TENTH * was


def _said(promise: Promise, numbers: Numbers, found: Budget, before: SloStatus, now: datetime) -> SloStatus:
    return SloStatus(
        name=promise.name,
        objective=promise.objective,
        window=duration(promise.window),
        state=found.state,
        attained=_rounded(found.attained),
        budget_remaining=_rounded(found.remaining),
        burn_rate=_rates(found.burn),
        exhausted_in=None if found.exhausted_in is None else lasting(found.exhausted_in),
        exhausted_since=_exhausted_since(found.state, before, now),
        counted_by=_counted_by(promise, numbers, now),
        left_out=[tier.name for tier in promise.dead] or None,
        history_since=timestamp(found.history_since) if found.history_since else None,
    )


def _exhausted_since(state: State, before: SloStatus, now: datetime) -> str | None:
    """Not seeing it for a while is no recovery."""
    match state:
        case State.EXHAUSTED:
            return before.exhausted_since or timestamp(now)
        case State.NO_DATA:
            return before.exhausted_since
        case _:
            return None


def _counted_by(promise: Promise, numbers: Numbers, now: datetime) -> str | None:
    if (value(numbers.lost, now) or 0.0) > 0:
        return "Nobody"
    if value(numbers.gateway, now) is not None:
        return GATEWAY
    return promise.counted_by if value(numbers.counted, now) is not None else None


def _rates(burn: Mapping[str, float]) -> BurnRates | None:
    return BurnRates.model_validate({tier: _rounded(rate) for tier, rate in burn.items()}) if burn else None


def _rounded(number: float | None) -> str | None:
    if number is None:
        return None
    text = f"{number:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


_MINUTES = {"d": DAY // MINUTE, "h": HOUR // MINUTE, "m": 1}


def lasting(span: timedelta) -> str:
    """As a person says it, in two units: `3d4h`, `5h12m`, `40m`."""
    minutes = int(span.total_seconds()) // MINUTE
    parts = []
    for unit, size in _MINUTES.items():
        count, minutes = divmod(minutes, size)
        parts.append(f"{count}{unit}" if count else "")
    first = next((index for index, part in enumerate(parts) if part), None)
    return "0m" if first is None else "".join(parts[first : first + 2])


def _minutes(lasting: str) -> int:
    return sum(int(count) * _MINUTES[unit] for count, unit in re.findall(r"(\d+)([dhm])", lasting))
