"""`toprope slo dashboard`: what Grafana would show, as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from toprope.cli.render import manifests_of
from toprope.cli.rendering import NotRenderable, installation, resource_from
from toprope.cli.say import fail
from toprope.core.objects import SECRET
from toprope.kind import Kind
from toprope.kinds import KINDS
from toprope.slo.dashboards.frame import as_json
from toprope.slo.dashboards.overview import overview


def dashboard(
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Manifest of the resource; - is standard input. Left out: the overview."),
    ] = None,
) -> None:
    """Print the Grafana dashboard of a resource, or the overview of all of them.

    Example: toprope slo dashboard -f examples/links.yaml
    """
    try:
        found = dashboard_of(manifests_of(file), KINDS) if file else overview()
    except NotRenderable as refusal:
        fail(f"{file}: {refusal}")
    typer.echo(as_json(found), nl=False)


def dashboard_of(documents: Sequence[Mapping[str, Any]], kinds: Iterable[Kind]) -> dict[str, Any]:
    """The dashboard of the one resource among the documents of a file; NotRenderable says why there is none."""
    resources = [one for one in documents if one.get("kind") != SECRET.kind]
    if len(resources) != 1:
        raise NotRenderable(f"holds {len(resources)} resources; a dashboard is of one.")
    # Nothing on a dashboard depends on where the operator runs.
    kind, resource = resource_from(resources[0], kinds, installation("", "", ""))
    return kind.dashboard(resource, kind.rule_sets(resource))
