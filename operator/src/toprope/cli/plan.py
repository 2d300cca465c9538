"""`toprope plan`: what the SLOs of a manifest come to, before anything is applied."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from toprope.cli.planned import Planned, PlannedSlo, as_json, as_text
from toprope.cli.prometheus import TokenFile, way
from toprope.cli.render import manifests_of
from toprope.cli.rendering import NotRenderable, installation, resource_from
from toprope.cli.say import Format, err, fail, out
from toprope.cli.selected import Selected, selected
from toprope.core.objects import SECRET
from toprope.io.credentials import Connection
from toprope.io.prometheus import Unseen
from toprope.kinds import KINDS
from toprope.schema.structural import Schema, structural
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
    found = [
        _planned(file, manifest, requests_per_second)
        for manifest in manifests_of(file)
        if manifest.get("kind") != SECRET.kind
    ]
    there = _looked(way(prometheus, token_file), found) if prometheus else None
    if output == "json":
        typer.echo(json.dumps(as_json(found, there), indent=2))
    else:
        for line in as_text(found, there):
            out.print(line, markup=False)
    if broken := [slo for each in found for slo in each.slos if slo.broken]:
        fail("\n".join(f"{file}: {slo.path}: {slo.broken}" for slo in broken))


def _planned(file: Path, manifest: Mapping[str, Any], per_second: float) -> Planned:
    try:
        kind, resource = resource_from(manifest, KINDS, installation("", "toprope-system", "monitoring"))
    except NotRenderable as refusal:
        fail(f"{file}: {refusal}")
    if strange := list(unknown(manifest.get("spec") or {}, structural(kind.spec, "spec"), "spec")):
        fail("\n".join(f"{file}: {path}: there is no such field" for path in strange))
    slos = [
        PlannedSlo(f"spec.slos.{index}", one.slo, Forecast(one.ruled, per_second) if one.ruled else None, one.broken)
        for index, one in enumerate(kind.rule_sets(resource))
    ]
    return Planned(resource.ref.resource.kind, resource.namespace, resource.name, per_second, slos)


def unknown(given: Any, schema: Schema, path: str) -> Iterator[str]:
    """Paths that the schema does not know: kubectl refuses them, our models read past them."""
    if isinstance(given, Mapping) and ("properties" in schema or "additionalProperties" in schema):
        for name, value in given.items():
            beneath = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if beneath is None:
                yield f"{path}.{name}"
            else:
                yield from unknown(value, beneath, f"{path}.{name}")
    elif isinstance(given, list) and "items" in schema:
        for index, value in enumerate(given):
            yield from unknown(value, schema["items"], f"{path}.{index}")


def _looked(there: Connection, found: list[Planned]) -> Selected | None:
    """None, and a sentence, where there is no answer: a plan is good without."""
    selectors = [selector for each in found for slo in each.slos for _, _, selector in slo.selectors]
    try:
        return asyncio.run(selected(there, selectors))
    except Unseen as error:
        err.print(f"Nothing is known of what is counted now: {error}", markup=False)
        return None
