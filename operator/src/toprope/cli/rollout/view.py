"""A rollout as a terminal shows it while it moves."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from toprope.cli.budgets import CELLS
from toprope.cli.rollout.reading import Reading, left, place, since
from toprope.cli.rollout.words import BEHIND, bad, counted, judged, serves, span, verdict_in
from toprope.delivery.gate.verdict import Verdict
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.spec import JudgedStatus

_STYLES = {str(Verdict.PASS): "green", str(Verdict.FAIL): "bold red", str(Verdict.UNDECIDED): "yellow"}


def view(one: Reading, now: datetime) -> RenderableType:
    """All of it, as of one look."""
    parts: list[RenderableType] = [_heading(one), *_shares(one, now), Text(_why(one))]
    if judged(one):
        parts.append(gates_table(one))
    return Group(*parts, Text(_foot(one, now), "dim"))


def _heading(one: Reading) -> Text:
    told = f"  {one.candidate} after {one.revision.stable}" if one.candidate else f"  {serves(one)}"
    return Text.assemble((str(one.ref), "bold"), told)


def _shares(one: Reading, now: datetime) -> list[Text]:
    if one.candidate is None:
        return []
    cells = round(CELLS * one.weight / WHOLE)
    bar = Text.assemble(("█" * cells, "green"), ("░" * (CELLS - cells), "dim"))
    rest, where = left(one, now), f", {place(one)}" if one.is_shared else ""
    told = f"  {one.rollout.weight or '0%'} of the requests  {one.phase}{where}"
    return [Text.assemble(bar, told, f", {span(rest)} left" if rest else "")]


def _why(one: Reading) -> str:
    return f"{one.rollout.reason}: {one.rollout.message}" if one.rollout.reason else ""


def gates_table(one: Reading) -> Table:
    """A line for each SLO that judges."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("SLO", "VERDICT"):
        table.add_column(column, no_wrap=True)
    # On a narrow terminal numbers go below each other, and none is cut off.
    for column in ("CANDIDATE BAD", "STABLE BAD", "TOWARDS PASS", "TOWARDS FAIL", "IN ABOUT"):
        table.add_column(column, overflow="fold")
    for slo in judged(one):
        table.add_row(*_row(one, slo))
    return table


def _row(one: Reading, slo: JudgedStatus) -> tuple[Text | str, ...]:
    takes = verdict_in(one, slo)
    return (
        slo.slo,
        Text(slo.verdict or "-", _STYLES.get(slo.verdict or "", "")),
        counted(slo.candidate),
        counted(slo.stable),
        proof(slo.to_pass, "green"),
        proof(slo.to_fail, "red"),
        span(takes) if takes else "-",
    )


def proof(share: str | None, style: str) -> Text:
    """How much of it is there."""
    part = min(1.0, max(0.0, float(share or 0)))
    cells = round(CELLS / 2 * part)
    return Text.assemble(("█" * cells, style), ("░" * (CELLS // 2 - cells), "dim"), f" {100 * part:.0f}%")


def _foot(one: Reading, now: datetime) -> str:
    ago = since(one.rollout.judged_at, now) if one.is_shared else None
    seen = f"counted {span(ago)} ago by {(one.rollout.counted_by or 'nobody').lower()}" if ago is not None else ""
    lost = f"{bad(one.rollout.lost)} of the candidate's so far" if one.rollout.lost else ""
    return ", ".join(part for part in (seen, lost, BEHIND if one.is_behind else "") if part)
