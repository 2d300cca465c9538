"""`toprope explain`: why a resource's rollout is where it is, and what it waits for."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from toprope.cli.cluster import reached
from toprope.cli.found import Name, Namespace, found
from toprope.cli.rollout.explained import as_json, explanation, order_line
from toprope.cli.rollout.orders import useful
from toprope.cli.rollout.reading import Reading, reading
from toprope.cli.say import Format, out


def explain(
    name: Name,
    namespace: Namespace = "default",
    output: Annotated[Format, typer.Option("--output", "-o", help="text is for people.")] = "text",
) -> None:
    """Say in sentences where a release stands, why, who judges it, what comes next, and what would change it.

    Example: toprope explain links
    """
    one, now = asyncio.run(_read(name, namespace)), datetime.now(UTC)
    if output == "json":
        typer.echo(json.dumps(as_json(one, now), indent=2))
        return
    out.print(f"{one.ref}", style="bold", markup=False)
    for sentence in explanation(one, now):
        out.print(sentence, markup=False)
    if orders := useful(one):
        out.print("\nWhat would change it:")
        for order in orders:
            out.print(f"  {order_line(order, one)}", markup=False)


async def _read(name: str, namespace: str) -> Reading:
    async with reached() as cluster:
        return reading(*await found(cluster, name, namespace))
