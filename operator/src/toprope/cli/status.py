"""`toprope status`: how a resource is, in words."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from toprope.cli.cluster import reached
from toprope.cli.say import Format, fail, out
from toprope.core.conditions import moment
from toprope.core.objects import Manifest
from toprope.kind import Kind
from toprope.kinds import KINDS

_STYLES = {"True": "green", "False": "red", "Unknown": "yellow"}


def status(
    name: Annotated[str, typer.Argument(help="Name of the resource, or KIND/NAME, as sapp/links.")],
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Its namespace.")] = "default",
    output: Annotated[Format, typer.Option("--output", "-o", help="json is the status as it stands there.")] = "text",
) -> None:
    """Show what is true of a resource, and why.

    Example: toprope status links
    """
    kind, live = asyncio.run(_found(name, namespace))
    if output == "json":
        typer.echo(json.dumps(live.get("status") or {}, indent=2))
        return
    out.print(heading(kind, live), markup=False)
    out.print(conditions_table(live, datetime.now(UTC)))


async def _found(name: str, namespace: str) -> tuple[Kind, Manifest]:
    wanted, _, plain = name.rpartition("/")
    kinds = [kind for kind in KINDS if wanted.lower() in ("", *names_of(kind))]
    if not kinds:
        fail(f"{wanted} is no kind of Toprope's; known: {', '.join(kind.short for kind in KINDS)}.")
    async with reached() as cluster:
        found = await cluster.named(kinds, namespace, plain)
    if not found:
        fail(f"No {' or '.join(kind.resource.kind for kind in kinds)} is called {plain} in namespace {namespace}.")
    if len(found) > 1:
        fail(f"Several are called {plain}; say which: {', '.join(f'{kind.short}/{plain}' for kind, _ in found)}.")
    return found[0]


def names_of(kind: Kind) -> tuple[str, ...]:
    """All that a person may call the kind, in lower case."""
    return kind.short, kind.resource.plural, kind.resource.kind.lower()


def heading(kind: Kind, live: Manifest) -> str:
    """One line: what it is, where it serves, which revision does."""
    said: Mapping[str, Any] = live.get("status") or {}
    metadata = live["metadata"]
    parts = [f"{kind.resource.kind} {metadata['namespace']}/{metadata['name']}"]
    parts += [str(said["url"])] if said.get("url") else []
    parts += [f"{role} {revision}" for role, revision in (said.get("revision") or {}).items()]
    if said.get("observedGeneration") != metadata["generation"]:
        parts.append("(the newest spec has not been looked at yet)")
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


def age(seconds: float) -> str:
    """As kubectl says it, in one unit: `42s`, `7m`, `3h`, `12d`."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"
