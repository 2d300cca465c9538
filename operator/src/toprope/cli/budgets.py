"""Where the SLOs of a resource stand, as a terminal shows it."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.table import Table
from rich.text import Text

from toprope.cli.say import unfolded
from toprope.core.conditions import moment
from toprope.core.objects import Manifest
from toprope.slo.budget import State
from toprope.slo.status import SloStatus, lasting
from toprope.slo.windows import DAY, Severity, Tier, days, tiers

CELLS = 20
"""Width of a bar."""
_COLUMNS = (
    "SLO", "STATE", "OBJECTIVE", "ATTAINED", "BUDGET LEFT", "BURN/FACTOR (QUICK, SLOW)", "LASTS", "COUNTED BY",
    "HISTORY",
)  # fmt: skip
_STATES = {State.MET: "green", State.BURNING: "red", State.EXHAUSTED: "bold red", State.NO_DATA: "yellow"}
_ABOVE = {Severity.PAGE: "red", Severity.TICKET: "yellow"}
_UNKNOWN = "-"


def slos_of(live: Manifest) -> list[SloStatus]:
    """What the resource's status says of its SLOs; those first that have the least left."""
    found = [SloStatus.model_validate(one) for one in (live.get("status") or {}).get("slos") or ()]
    return sorted(found, key=lambda one: math.inf if one.budget_remaining is None else float(one.budget_remaining))


def slos_table(slos: Iterable[SloStatus], now: datetime) -> Table:
    """A line each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        table.add_column(column, no_wrap=True)
    for slo in slos:
        table.add_row(
            slo.name,
            Text(slo.state, _STATES[slo.state]),
            f"{slo.objective}% of {slo.window}" if slo.objective else _UNKNOWN,
            f"{slo.attained}%" if slo.attained else _UNKNOWN,
            bar(slo.budget_remaining),
            burn(slo),
            lasts(slo, now),
            slo.counted_by or _UNKNOWN,
            history(slo, now),
        )
    return unfolded(table)


def bar(remaining: str | None) -> Text:
    """The share of the budget that is left: red below a quarter, yellow below a half."""
    if remaining is None:
        return Text(_UNKNOWN)
    share = float(remaining)
    cells = round(CELLS * min(1.0, max(0.0, share)))
    style = "red" if share < 0.25 else "yellow" if share < 0.5 else "green"
    return Text.assemble(("█" * cells, style), ("░" * (CELLS - cells), "dim"), (f" {100 * share:.1f}%", style))


def burn(slo: SloStatus) -> Text:
    """Each tier's burn rate over the factor above which it fires: `page 16.7/14.4 0/6  ticket 0/3 0/1`.

    One that is above it fires all the same only when the other window says so too, by more bad events than chance
    explains; else `no alert` stands beside it.
    """
    if slo.burn_rate is None or slo.window is None:
        return Text(_UNKNOWN)
    rates, every = slo.burn_rate.dump(), tiers(days(slo.window) * DAY)
    told = {tier: _tier(tier, rates.get(tier.name), burns=slo.state != State.MET) for tier in every}
    return Text("  ").join(_severity(severity, told) for severity in Severity)


def _severity(severity: Severity, told: Mapping[Tier, Text]) -> Text:
    return Text(" ").join([Text(severity), *(text for tier, text in told.items() if tier.severity is severity)])


def _tier(tier: Tier, rate: str | None, *, burns: bool) -> Text:
    """A tier that could never fire has no rate either."""
    text = f"{rate or _UNKNOWN}/{float(tier.factor):.4g}"
    if rate is None or float(rate) <= float(tier.factor):
        return Text(text)
    return Text(text, _ABOVE[tier.severity]) if burns else Text(f"{text} (no alert)")


def lasts(slo: SloStatus, now: datetime) -> str:
    """How long the budget lasts at today's burn, or since when it is spent."""
    if slo.exhausted_since:
        return f"spent for {lasting(now - moment(slo.exhausted_since))}"
    if slo.budget_remaining is None:
        return _UNKNOWN
    return slo.exhausted_in or "for good"


def history(slo: SloStatus, now: datetime) -> str:
    """How much of the window there is to look back on."""
    if slo.history_since:
        return f"{lasting(now - moment(slo.history_since))} of {slo.window}"
    return _UNKNOWN if slo.budget_remaining is None else "whole"
