"""`toprope slo backtest`: what would have become of a manifest's SLOs, from what Prometheus still remembers."""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from toprope.cli.prometheus import TokenFile, way
from toprope.cli.say import Format, err, fail, out
from toprope.cli.slo.asked import Asked, asked
from toprope.cli.slo.backtested import Pair, Told, as_json, doubts
from toprope.cli.slo.drawn import as_text
from toprope.cli.slo.file import File, From, Name, Namespace, whole
from toprope.cli.slo.foreign import Tool
from toprope.io.ledger import span_of
from toprope.io.prometheus import TooMuch, Unseen
from toprope.slo.backtest import backtest as reckoned
from toprope.slo.rules import INTERVAL, Ruled

SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=366)
_AWAY = "Is --prometheus its address, as http://127.0.0.1:9090, and does it want a token (--token-file)?"
_BUSY = "Ask a replica that has less to do, or raise its --query.max-samples and --query.timeout."


def backtest(  # noqa: PLR0913 - the options of a command are its arguments
    file: File,
    prometheus: Annotated[str, typer.Option(help="URL of the Prometheus that has counted.")],
    since: Annotated[str, typer.Option(help="How far to look back: 30d, 12h.")] = "30d",
    against: Annotated[
        Path | None, typer.Option(help="An earlier manifest of the same resource, to be compared.")
    ] = None,
    token_file: TokenFile = None,
    output: Annotated[Format, typer.Option("--output", "-o", help="text is for people.")] = "text",
    written_by: From = None,
    namespace: Namespace = None,
    name: Name = None,
) -> None:
    """Say how the error budgets would have gone and when somebody would have been called, had the SLOs been there.

    It is reckoned from raw counters, minute by minute, as the rules would have recorded it from the beginning of the
    span on; no rule needs to run. Exit code 1 when Prometheus does not answer, or has nothing that an SLO counts.

    Example: toprope slo backtest -f examples/links.yaml --prometheus http://127.0.0.1:9090 --since 7d
    """
    span, there = _span(since), way(prometheus, token_file)
    after = _ruled(file, written_by, namespace, name)
    before = _ruled(against, written_by, namespace, name) if against else []
    if against and not {one.identity for one in after} & {one.identity for one in before}:
        fail(
            f"{against} has none of the SLOs of {file}: they are those of another resource, or of other names.", code=2
        )
    try:
        found = asyncio.run(asked(there, [*after, *before], span))
    except TooMuch as error:
        fail(f"{error}\n{_BUSY}")
    except Unseen as error:
        fail(f"{error}\n{_AWAY}")
    told = _told(found, after, before, against)
    for sentence in doubts(told):
        err.print(sentence, style="yellow", markup=False)
    if all(pair.after.nothing for pair in told.pairs):
        fail("Nothing can be reckoned.")
    if output == "json":
        typer.echo(json.dumps(as_json(told), indent=2))
        return
    for line in as_text(told):
        out.print(line, markup=False)


def _span(since: str) -> timedelta:
    span = span_of(since) if re.fullmatch("[0-9]+[mhdw]", since) else None
    if span is None or not SHORTEST <= span <= LONGEST:
        fail(f"--since {since}: 1h to 366d, as 30d or 12h.", code=2)
    return span


def _ruled(file: Path, written_by: Tool | None, namespace: str | None, name: str | None) -> list[Ruled]:
    found = [one.ruled for one in whole(file, written_by, namespace, name) if one.ruled]
    if not found:
        fail(f"{file} has no SLO: there is nothing to look back on.", code=2)
    return found


def _told(found: Asked, after: Sequence[Ruled], before: Sequence[Ruled], against: Path | None) -> Told:
    earlier = {one.identity: reckoned(one, found.raw) for one in before}
    pairs = [Pair(reckoned(one, found.raw), earlier.pop(one.identity, None)) for one in after]
    end = found.raw.start + (found.raw.count - 1) * INTERVAL
    start = end - found.raw.count * INTERVAL
    return Told(start, end, found.retention, pairs, str(against) if against else None, list(earlier))
