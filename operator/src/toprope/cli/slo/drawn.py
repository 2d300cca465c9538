"""What came of a backtest, as a terminal shows it: tables, a sparkline for each budget, what differs."""

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from toprope.cli.budgets import bar
from toprope.cli.course import course_table
from toprope.cli.planned import spoken
from toprope.cli.say import unfolded
from toprope.cli.slo.backtested import Pair, Told, course, minute, more, more_left
from toprope.slo.backtest import Backtest
from toprope.slo.rules import INTERVAL, Identity
from toprope.slo.windows import Severity, duration

_COLUMNS = (
    "SLO", "OBJECTIVE", "ATTAINED", "BUDGET LEFT", "LOWEST", "BAD EVENTS", "OF", "PAGES", "TICKETS", "NO DATA",
)  # fmt: skip
_UNKNOWN = "-"
_STYLES = {Severity.PAGE: "red", Severity.TICKET: "yellow"}


def as_text(told: Told) -> Iterator[str | Table]:
    """Line by line."""
    for whose in dict.fromkeys(_resource(pair.identity) for pair in told.pairs):
        pairs = [pair for pair in told.pairs if _resource(pair.identity) == whose]
        found = _labelled(pairs)
        yield f"{whose}, {minute(told.since)} to {minute(told.end)} UTC ({spoken(told.end - told.since)})"
        yield ""
        yield _summary(found)
        yield ""
        yield course_table(course(told, found))
        yield ""
        yield _called(found) if any(one.firings for one in found.values()) else "Nobody would have been called."
        yield from _lost(pairs)
        yield ""
    yield from _differences(told)
    yield from _foot(told)


def _foot(told: Told) -> Iterator[str]:
    yield f"As if the rules had been applied at {minute(told.since)} UTC: what was before counts for nothing."
    windows = [pair.after.ruled.promise.window for pair in told.pairs]
    if max(windows) > told.end - told.since:
        yield "A window that is longer than this has the budget of a whole one, at the traffic that there was."
    if min(windows) < told.end - told.since:
        yield "ATTAINED and BUDGET LEFT are those of the SLO's window at the end; events are all that there were."


def _resource(identity: Identity) -> str:
    return f"{identity.kind} {identity.namespace}/{identity.name}"


def _labelled(pairs: Sequence[Pair]) -> dict[str, Backtest]:
    found = {}
    for pair in pairs:
        found[pair.identity.slo] = pair.after
        if pair.before:
            found[f"{pair.identity.slo} (before)"] = pair.before
    return found


def _summary(found: Mapping[str, Backtest]) -> Table:
    table = _table(*_COLUMNS)
    for label, one in found.items():
        promise = one.ruled.promise
        table.add_row(
            label,
            f"{promise.objective}% of {duration(promise.window)}",
            _UNKNOWN if one.attained is None else f"{_rounded(one.attained)}%",
            bar(None if one.remaining is None else str(one.remaining)),
            f"{100 * one.lowest[1]:.1f}% on {minute(one.lowest[0])}" if one.lowest else _UNKNOWN,
            f"{one.bad:,.0f}",
            f"{one.total:,.0f}",
            *(_count(one, severity) for severity in Severity),
            spoken(one.silent * INTERVAL),
        )
    return unfolded(table)


def _count(one: Backtest, severity: Severity) -> str:
    """Alerts that nobody asked for, or that never could fire, are not none."""
    asked = any(tier.severity is severity for tier in one.ruled.promise.live)
    return str(len(one.of(severity))) if asked else _UNKNOWN


def _called(found: Mapping[str, Backtest]) -> Table:
    table = _table("SLO", "ALERT", "FROM (UTC)", "TO", "FOR", "TIERS", "PEAK BURN")
    for label, one in found.items():
        for firing in one.firings:
            table.add_row(
                label,
                Text(firing.severity, _STYLES[firing.severity]),
                minute(firing.since),
                minute(firing.until) if firing.until is not None else "goes on",
                spoken(firing.until - firing.since) if firing.until is not None else _UNKNOWN,
                ", ".join(firing.tiers),
                f"{firing.peak:.4g}",
            )
    return unfolded(table)


def _lost(pairs: Sequence[Pair]) -> Iterator[str]:
    for pair in pairs:
        if pair.after.lost_minutes:
            yield (
                f"{pair.identity.slo}: for {spoken(pair.after.lost_minutes * INTERVAL)} nobody was up who could count. "
                f"{pair.after.lost:,.0f} events, at the rate of the hour before, are taken for bad."
            )


def _differences(told: Told) -> Iterator[str]:
    found = [(pair.identity.slo, pair.after, pair.before) for pair in told.pairs if pair.before]
    for slo, after, before in found:
        yield f"{slo}, beside {told.against}: {', '.join(_difference(after, before))}."
    if found:
        yield ""


def _difference(after: Backtest, before: Backtest) -> list[str]:
    said = [_alerts(severity, count) for severity in Severity if (count := more(after, before, severity))]
    if not said:
        same = [(one.severity, one.since) for one in after.firings] == [
            (one.severity, one.since) for one in before.firings
        ]
        said = ["the same alerts" if same else "as many alerts, at other times"]
    left = round(100 * (more_left(after, before) or 0), 1)
    return [*said, f"the budget left is {abs(left):.1f} points {'higher' if left > 0 else 'lower'}"] if left else said


def _alerts(severity: Severity, count: int) -> str:
    return f"{abs(count)} {severity}{'' if abs(count) == 1 else 's'} {'more' if count > 0 else 'fewer'}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _rounded(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".")
