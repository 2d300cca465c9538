"""`toprope status`: how a resource is, in words."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from toprope.cli.budgets import slos_of, slos_table
from toprope.cli.cluster import reached
from toprope.cli.course import Course, course, course_json, course_table
from toprope.cli.found import Name, Namespace, found
from toprope.cli.prometheus import TokenFile, way
from toprope.cli.rollout.reading import reading
from toprope.cli.rollout.words import BEHIND, about
from toprope.cli.say import Format, age, err, out
from toprope.core.conditions import moment
from toprope.core.objects import Manifest
from toprope.io.credentials import Connection
from toprope.io.prometheus import Prometheus, Unseen
from toprope.kind import Kind

_STYLES = {"True": "green", "False": "red", "Unknown": "yellow"}


def status(
    name: Name,
    namespace: Namespace = "default",
    prometheus: Annotated[
        str | None, typer.Option(help="URL of a Prometheus that is asked how the error budgets went.")
    ] = None,
    token_file: TokenFile = None,
    output: Annotated[
        Format, typer.Option("--output", "-o", help="json is the status as it stands there; budgets, how they went.")
    ] = "text",
) -> None:
    """Show where a resource's SLOs stand, what is true of it, and why.

    Example: toprope status links
    """
    there = way(prometheus, token_file) if prometheus else None
    kind, live = asyncio.run(_found(name, namespace))
    now = datetime.now(UTC)
    went = asyncio.run(_course(there, live, now)) if there else None
    if output == "json":
        typer.echo(json.dumps(as_json(live, went), indent=2))
        return
    out.print(heading(kind, live), markup=False)
    if told := about(reading(kind, live), now):
        out.print(told, markup=False)
    for table in tables(live, went, now):
        out.print()
        out.print(table)


async def _course(there: Connection, live: Manifest, now: datetime) -> Course | None:
    """None, and a sentence, where Prometheus does not say. Without SLOs it is not asked."""
    slos = slos_of(live)
    if not slos:
        return None
    try:
        async with Prometheus(there) as prometheus:
            return await course(prometheus, live, slos, now)
    except Unseen as unseen:
        err.print(f"How the budgets went is not known. {unseen}", style="yellow", markup=False)
        return None


def as_json(live: Manifest, went: Course | None) -> dict[str, Any]:
    """The status as it stands there, and how the budgets went where that was asked for."""
    return {**(live.get("status") or {}), **({"budgets": course_json(went)} if went else {})}


def tables(live: Manifest, went: Course | None, now: datetime) -> Iterator[Table]:
    """What is drawn: of SLOs, where there are any, and the conditions."""
    if slos := slos_of(live):
        yield slos_table(slos, now)
    if went:
        yield course_table(went)
    yield conditions_table(live, now)


async def _found(name: str, namespace: str) -> tuple[Kind, Manifest]:
    async with reached() as cluster:
        return await found(cluster, name, namespace)


def heading(kind: Kind, live: Manifest) -> str:
    """One line: what it is, where it serves, which revision does."""
    said: Mapping[str, Any] = live.get("status") or {}
    metadata = live["metadata"]
    parts = [f"{kind.resource.kind} {metadata['namespace']}/{metadata['name']}"]
    parts += [str(said["url"])] if said.get("url") else []
    revisions = (said.get("revision") or {}).items()
    parts += [f"{role} {revision}" for role, revision in revisions if isinstance(revision, str)]
    if said.get("observedGeneration") != metadata["generation"]:
        parts.append(BEHIND)
    return "  ".join(parts)


def conditions_table(live: Manifest, now: datetime) -> Table:
    """The conditions, a row each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("CONDITION", "STATUS", "REASON", "FOR"):
        table.add_column(column, no_wrap=True)
    table.add_column("MESSAGE", overflow="fold")
    for condition in (live.get("status") or {}).get("conditions") or ():
        truth, since = condition["status"], now - moment(condition["lastTransitionTime"])
        table.add_row(
            condition["type"],
            Text(truth, _STYLES[truth]),
            condition["reason"],
            age(since.total_seconds()),
            Text(condition["message"]),
        )
    return table
