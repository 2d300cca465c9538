"""`toprope history`: the last ten rollouts of a resource."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
import yaml
from rich.table import Table
from rich.text import Text

from toprope.cli.cluster import reached
from toprope.cli.found import Name, Namespace, found
from toprope.cli.rollout.reading import Reading, reading
from toprope.cli.rollout.words import span
from toprope.cli.say import out
from toprope.core.conditions import moment
from toprope.delivery.history import Outcome, RecordStatus

_STYLES = {Outcome.PROMOTED: "green", Outcome.ROLLED_BACK: "red", Outcome.FAILED: "red"}


def history(
    name: Name,
    namespace: Namespace = "default",
    output: Annotated[
        Literal["text", "json", "yaml"], typer.Option("--output", "-o", help="json and yaml are whole records.")
    ] = "text",
) -> None:
    """Show the last ten rollouts, the newest first: what each got and when, how it ended, why, and what it cost.

    Example: toprope history links
    """
    one = asyncio.run(_read(name, namespace))
    records = [record.dump() for record in one.records]
    if output == "json":
        typer.echo(json.dumps(records, indent=2))
    elif output == "yaml":
        typer.echo(yaml.safe_dump(records, sort_keys=False), nl=False)
    elif records:
        out.print(table(one, datetime.now(UTC)))
    else:
        out.print(f"{one.ref} has had no rollout: its first release is none.", markup=False)


async def _read(name: str, namespace: str) -> Reading:
    async with reached() as cluster:
        return reading(*await found(cluster, name, namespace))


def table(one: Reading, now: datetime) -> Table:
    """A row each."""
    told = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("BEGAN", "CANDIDATE", "FROM", "OUTCOME", "TOOK", "WEIGHTS", "LOST"):
        told.add_column(column, no_wrap=True)
    told.add_column("WHY", overflow="fold")
    for record in one.records:
        told.add_row(*_row(record, one, now))
    return told


def _row(record: RecordStatus, one: Reading, now: datetime) -> Sequence[str | Text]:
    outcome, reason, message = record.outcome, record.reason, record.message
    if record.ended is None:
        outcome, reason, message = f"{one.phase}…", one.rollout.reason, one.rollout.message
    took = (moment(record.ended) if record.ended else now) - moment(record.began)
    return (
        record.began,
        record.candidate,
        record.stable or "-",
        Text(outcome or "-", {str(word): style for word, style in _STYLES.items()}.get(outcome or "", "yellow")),
        span(took),
        weights(record),
        "-" if record.lost is None else f"{record.lost:,}",
        Text(f"{reason}: {message}"),
    )


def weights(record: RecordStatus) -> str:
    """Each with the time from the beginning: `1% +40s, 10% +2m`."""
    began = moment(record.began)
    return ", ".join(f"{one.weight} +{span(moment(one.decided) - began)}" for one in record.weights) or "-"
