"""`toprope plan`: what the SLOs of a manifest come to, before anything is applied."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from toprope.cli.manifest import Written, resources_of
from toprope.cli.planned import Planned, PlannedSlo, as_json, as_text
from toprope.cli.prometheus import TokenFile, way
from toprope.cli.rendering import installation
from toprope.cli.say import Format, err, fail, out
from toprope.cli.selected import Selected, selected
from toprope.io.credentials import Connection
from toprope.io.prometheus import Unseen
from toprope.slo.forecast import Forecast


def plan(
    file: Annotated[Path, typer.Option("--file", "-f", help="Manifest of the resource; - is standard input.")],
    requests_per_second: Annotated[
        float, typer.Option(min=0.0001, max=1e9, help="Steady traffic that everything is reckoned at.")
    ] = 10.0,
    prometheus: Annotated[
        str | None, typer.Option(help="URL of a Prometheus: what the SLOs count is looked for there.")
    ] = None,
    token_file: TokenFile = None,
    output: Annotated[Format, typer.Option("--output", "-o", help="text is for people.")] = "text",
) -> None:
    """Say what the SLOs of a resource come to: which alerts live, when they fire, what the budget allows.

    Nothing is applied. Exit code 1 when the API server would refuse the manifest, or an SLO would be without rules.

    Example: toprope plan -f examples/links.yaml --requests-per-second 50
    """
    resources, _ = resources_of(file, installation("", "toprope-system", "monitoring"))
    found = [_planned(one, requests_per_second) for one in resources]
    there = _looked(way(prometheus, token_file), found) if prometheus else None
    if output == "json":
        typer.echo(json.dumps(as_json(found, there), indent=2))
    else:
        for line in as_text(found, there):
            out.print(line, markup=False)
    if broken := [sentence for one in resources for sentence in one.broken]:
        fail("\n".join(broken))


def _planned(written: Written, per_second: float) -> Planned:
    slos = [
        PlannedSlo(one.slo, Forecast(one.ruled, per_second) if one.ruled else None, one.broken)
        for one in written.rule_sets
    ]
    ref = written.resource.ref
    return Planned(ref.resource.kind, written.resource.namespace, ref.name, per_second, slos)


def _looked(there: Connection, found: list[Planned]) -> Selected | None:
    """None, and a sentence, where there is no answer: a plan is good without."""
    selectors = [selector for each in found for slo in each.slos for _, _, selector in slo.selectors]
    try:
        return asyncio.run(selected(there, selectors))
    except Unseen as error:
        err.print(f"Nothing is known of what is counted now: {error}", markup=False)
        return None
