"""A plan of SLOs, for people and for machines."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.padding import Padding
from rich.table import Table

from toprope.cli.selected import Selected
from toprope.core.objects import Manifest
from toprope.slo.facts.history import flattered
from toprope.slo.forecast import Forecast
from toprope.slo.rules import INTERVAL, number
from toprope.slo.sli import Source, meaning_of
from toprope.slo.spec import Slo
from toprope.slo.status import lasting
from toprope.slo.windows import HOUR, MINUTE, Severity, Tier, duration

SHARES = {"100 %": 1.0, "10 %": 0.1, "1 %": 0.01}
"""Error ratios that a plan speaks of."""
_COUNTERS = {"Gateway": "the gateway", "Pods": "the pods", "Own": "the counters of its selectors"}
"""Fields of an SLO that say what is counted."""
_FOOT = (
    f"Times are those of the maths, after a clean past. Prometheus evaluates every {INTERVAL} s: an alert may come two "
    f"evaluations later, and 5 minutes later where the longer window is above 1h."
)


@dataclass(frozen=True, slots=True)
class PlannedSlo:
    """One SLO: what it comes to, or what is wrong with it."""

    slo: Slo
    forecast: Forecast | None
    broken: str
    begins_anew: bool = False
    """Whether one of its name lives that counts something else."""

    @property
    def sources(self) -> Sequence[Source]:
        """Who counts, the one that decides first."""
        return self.forecast.ruled.sli.sources if self.forecast else ()

    @property
    def selectors(self) -> list[tuple[str, str, str]]:
        """What is counted: source, `total` or `bad`, selector."""
        return [
            (source.name, side, selector)
            for source in self.sources
            for side, tally in (("total", source.total), ("bad", source.bad))
            for selector in tally.added
        ]


def counts_anew(slo: Slo, live: Manifest | None) -> bool:
    """Whether the resource as it lives has an SLO of that name that counts something else (`Sli.meaning`)."""
    same_name = (one for one in (live or {}).get("spec", {}).get("slos", ()) if one.get("name") == slo.name)
    return any(meaning_of(Slo.model_validate(one)) != meaning_of(slo) for one in same_name)


@dataclass(frozen=True, slots=True)
class Planned:
    """All SLOs of a resource."""

    kind: str
    namespace: str
    name: str
    per_second: float
    slos: Sequence[PlannedSlo]


def as_json(found: Iterable[Planned], there: Selected | None) -> dict[str, Any]:
    """Times in seconds; null is never, or not known."""
    retention = there.retention.total_seconds() if there and there.retention else None
    return {
        "resources": [
            {
                "kind": each.kind,
                "namespace": each.namespace,
                "name": each.name,
                "requestsPerSecond": each.per_second,
                "slos": [_slo_as_json(one, there) for one in each.slos],
            }
            for each in found
        ],
        "prometheus": {"retentionSeconds": retention} if there else None,
    }


def _slo_as_json(one: PlannedSlo, there: Selected | None) -> dict[str, Any]:
    said = {"name": one.slo.name, "objective": one.slo.objective, "window": one.slo.window}
    if one.forecast is None:
        return said | {"broken": one.broken}
    told = one.forecast
    return said | {
        "beginsAnew": one.begins_anew,
        "countedBy": [source.name for source in one.sources],
        "budget": {"events": told.events, "outageSeconds": float(told.outage)},
        "tiers": [_tier_as_json(told, tier) for tier in told.ruled.promise.live],
        "leftOut": [tier.name for tier in told.ruled.promise.dead],
        "firstAfter": {
            severity.value: {share: told.first(severity, errors) for share, errors in SHARES.items()}
            for severity in told.ruled.promise.severities
        },
        "selectors": [
            {"source": source, "side": side, "selector": selector, "series": there and there.series[selector]}
            for source, side, selector in one.selectors
        ],
        "historyTooShort": _too_short(told, there) if there and there.retention else None,
    }


def _tier_as_json(told: Forecast, tier: Tier) -> dict[str, Any]:
    return {
        "name": tier.name,
        "severity": tier.severity.value,
        "windows": [duration(tier.short), duration(tier.long)],
        "errorsAbove": number(tier.threshold(told.ruled.promise.budget)),
        "badEventsNeeded": told.needed(tier),
        "guarded": told.is_guarded(tier),
        "firesAfter": {share: told.after(tier, errors) for share, errors in SHARES.items()},
    }


def as_text(found: Sequence[Planned], there: Selected | None) -> Iterator[str | Padding]:
    """Line by line."""
    for each in found:
        yield f"{each.kind} {each.namespace}/{each.name}, at {each.per_second:g} events a second"
        if not each.slos:
            yield "  promises nothing: there is no SLO."
        for one in each.slos:
            yield ""
            yield from _slo_as_text(one, there)
        yield ""
    if any(one.forecast for each in found for one in each.slos):
        yield _FOOT


def _slo_as_text(one: PlannedSlo, there: Selected | None) -> Iterator[str | Padding]:
    yield f"  {one.slo.name}: {one.slo.objective} % over {one.slo.window}"
    if one.forecast is None:
        yield f"    BROKEN: {one.broken}"
        return
    told = one.forecast
    counters = ", without that by ".join(_COUNTERS[source.name] for source in one.sources)
    lost = "; while no pod takes requests, the last hour's traffic counts as bad" if told.ruled.sli.alive else ""
    yield f"    Counted by {counters}{lost}."
    if one.begins_anew:
        yield "    The SLO of this name that lives counts something else: history and budget begin anew."
    spent = f"{told.events:,.0f} bad events, or {spoken(float(told.outage))} of full outage"
    yield f"    The budget of {one.slo.window} is {spent}."
    if told.ruled.promise.live:
        yield Padding(_tiers(told), (0, 0, 0, 4), expand=False)
    for severity in Severity:
        yield f"    {until(told, severity)}"
    if told.ruled.promise.live:
        yield f"    {guarded(told)}"
        yield from _scraped(told)
    if told.ruled.promise.dead:
        named = ", ".join(f"{tier.name} (above {_percent(told, tier)})" for tier in told.ruled.promise.dead)
        yield f"    Left out, as they could not fire even if everything failed: {named}."
    if there:
        yield from (f"    {line}" for line in _now(one, told, there))


def _tiers(told: Forecast) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("TIER", "FIRES ABOVE", "OVER", *(f"AT {share}" for share in SHARES)):
        table.add_column(column, no_wrap=True)
    for tier in told.ruled.promise.live:
        over = f"{duration(tier.short)} and {duration(tier.long)}"
        times = [spoken(told.after(tier, errors)) for errors in SHARES.values()]
        table.add_row(tier.name, _percent(told, tier), over, *times)
    return table


def until(told: Forecast, severity: Severity) -> str:
    """How long errors go on until an alert of the severity fires."""
    if severity not in told.ruled.promise.severities:
        return f"No {severity.value}: alerting.{severity.value} is false."
    if not told.of(severity):
        return f"No {severity.value}: none could ever fire at this objective."
    times = ", ".join(f"{share}: {spoken(told.first(severity, errors))}" for share, errors in SHARES.items())
    return f"Until a {severity.value}, by share of errors: {times}."


def guarded(told: Forecast) -> str:
    """How many bad events the quickest alert needs, and why."""
    tier = told.ruled.promise.live[0]
    needs = f"A {tier.severity.value} needs {told.needed(tier):,} bad events within {duration(tier.long)}"
    if told.is_guarded(tier):
        return f"{needs} ({tier.name}): at this traffic, fewer can be chance in a service that keeps its objective."
    return f"{needs} ({tier.name}); the guard against chance asks for {math.floor(told.guard(tier)) + 1:,}."


def _scraped(told: Forecast) -> Iterator[str]:
    """Prometheus' own default is a minute; windows of less than four scrapes may hold no rate at all."""
    shortest = min(tier.short for tier in told.ruled.promise.live)
    if shortest < 4 * MINUTE:
        needs = f"its counters must be scraped every {shortest // 4} s or oftener, or alerts come late"
        yield f"    The shortest window is {duration(shortest)}: {needs}."


def _now(one: PlannedSlo, told: Forecast, there: Selected) -> Iterator[str]:
    for source, side, selector in one.selectors:
        count = there.series[selector]
        if count:
            yield f"{source}, {side}: {count:,} series now."
        elif side == "total":
            yield f"{source}, total: nothing matches now: {selector}"
        else:
            yield f"{source}, bad: nothing matches now; that is 0, right while nothing has failed: {selector}"
    if there.retention is None:
        yield "Prometheus does not say how long it keeps samples."
    elif _too_short(told, there):
        kept = spoken(there.retention.total_seconds())
        yield f"Prometheus keeps {kept}, less than the window: {flattered(told.ruled.promise.window, there.retention)}."
    else:
        yield f"Prometheus keeps {spoken(there.retention.total_seconds())}: long enough."


def _too_short(told: Forecast, there: Selected) -> bool:
    return there.retention is not None and there.retention < timedelta(seconds=told.ruled.promise.window)


def _percent(told: Forecast, tier: Tier) -> str:
    return f"{number(100 * tier.threshold(told.ruled.promise.budget))} %"


def spoken(seconds: float | None) -> str:
    """In two units: `52s`, `8m38s`, `3h36m`; `never`."""
    if seconds is None:
        return "never"
    whole = math.ceil(round(seconds, 3))
    if whole >= HOUR:
        return lasting(timedelta(seconds=whole))
    minutes, rest = divmod(whole, 60)
    return "".join((f"{minutes}m" if minutes else "", f"{rest}s" if rest or not minutes else ""))
