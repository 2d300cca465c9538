"""`toprope plan`: what would change, and what the SLOs of a manifest come to, before anything is applied."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from toprope.cli.change import words
from toprope.cli.change.planned import PlannedChange, compared, uncompared
from toprope.cli.manifest import Written, resources_of, told
from toprope.cli.planned import Planned, PlannedSlo, as_json, as_text, counts_anew
from toprope.cli.prometheus import TokenFile, way
from toprope.cli.rendering import installation
from toprope.cli.say import Format, err, fail, out
from toprope.cli.selected import Selected, selected
from toprope.core.places import where_of
from toprope.io.credentials import Connection
from toprope.io.prometheus import Unseen
from toprope.slo.forecast import Forecast

_UNASKED = ("Forbidden", "NotFound", "ApiMissing")
"""Why the API server does not say what it thinks of a manifest: rights, the namespace, or the CRD are missing."""


def plan(
    file: Annotated[Path, typer.Option("--file", "-f", help="Manifest of the resource; - is standard input.")],
    requests_per_second: Annotated[
        float, typer.Option(min=0.0001, max=1e9, help="Steady traffic that everything is reckoned at.")
    ] = 10.0,
    prometheus: Annotated[
        str | None, typer.Option(help="URL of a Prometheus: what the SLOs count is looked for there.")
    ] = None,
    token_file: TokenFile = None,
    look: Annotated[
        bool, typer.Option("--cluster/--no-cluster", help="Whether to compare with what lives, by the kubeconfig.")
    ] = True,
    output: Annotated[Format, typer.Option("--output", "-o", help="text is for people.")] = "text",
) -> None:
    """Say what would change if a manifest were applied, and what its SLOs come to. Nothing is written.

    Compared with the live resource and its children: whether the release changes, into which revision, how that would
    be rolled out, or which live fields change; and each child, as it is once the release is stable. That needs rights
    to read (get on the resource, list on its children), and says what may not be read. The API server is asked by a dry
    run whether it would take the manifest (patch on the resource): rules between fields, and what may not change once
    it is there, only it knows. Without a cluster it says what would be made. Of the SLOs: which alerts live, when they
    fire, what the budget allows.

    Exit code 0: planned, whatever would change. 1: the manifest would be refused, or an SLO would be without rules. 2:
    the command line is wrong.

    Example: toprope plan -f examples/links.yaml --requests-per-second 50
    """
    resources, _ = resources_of(file, installation("docker.io/toprope", "toprope-system", "monitoring"))
    changes = _changes(resources, requests_per_second, look)
    found = [_planned(one, each, requests_per_second) for one, each in zip(resources, changes, strict=True)]
    there = _looked(way(prometheus, token_file), found) if prometheus else None
    if output == "json":
        typer.echo(json.dumps(_as_json(changes, found, there), indent=2))
    else:
        for line in [*_as_text(changes, found), *as_text(found, there)]:
            out.print(line, markup=False)
    refused = [sentence for one, each in zip(resources, changes, strict=True) for sentence in _refused(one, each)]
    if broken := [*refused, *(sentence for one in resources for sentence in one.broken)]:
        fail("\n".join(broken))


def _refused(written: Written, planned: PlannedChange) -> Iterator[str]:
    """What the API server has against it, each with its line. Who may not ask it is told so."""
    refusal = planned.refused
    if refusal is None:
        return
    if refusal.reason in _UNASKED:
        err.print(f"Whether the API server would take it is not known: {refusal}", style="yellow", markup=False)
        return
    for path, why in refusal.causes or [("", str(refusal))]:
        yield told(written.file, written.place, where_of(path), why)


def _changes(resources: list[Written], per_second: float, look: bool) -> list[PlannedChange]:
    if not look:
        return asyncio.run(uncompared(resources))
    changes, why = asyncio.run(compared(resources, per_second))
    if why:
        err.print(f"Not compared with what lives, so all of it is new here: {why}", style="yellow", markup=False)
    return changes


def _as_json(changes: list[PlannedChange], found: list[Planned], there: Selected | None) -> dict[str, Any]:
    told = as_json(found, there)
    changed = [words.as_json(one.change, one.rolling) for one in changes]
    resources = [{**each, "change": change} for each, change in zip(told["resources"], changed, strict=True)]
    return {**told, "resources": resources}


def _as_text(changes: list[PlannedChange], found: list[Planned]) -> Iterator[str]:
    for one, each in zip(changes, found, strict=True):
        yield f"{each.kind} {each.namespace}/{each.name}"
        yield from (f"  {line}" for line in words.as_text(one.change, one.rolling))
        yield ""


def _planned(written: Written, planned: PlannedChange, per_second: float) -> Planned:
    live = planned.change.reading.live if planned.change.reading else None
    slos = [
        PlannedSlo(
            one.slo, Forecast(one.ruled, per_second) if one.ruled else None, one.broken, counts_anew(one.slo, live)
        )
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
