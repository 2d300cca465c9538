"""`toprope slo dashboard`: what Grafana would show, as JSON."""

from pathlib import Path
from typing import Annotated, Any

import typer

from toprope.cli import generated
from toprope.cli.manifest import resources_of
from toprope.cli.rendering import installation
from toprope.cli.say import fail
from toprope.schema.text import as_yaml
from toprope.slo.dashboards.config_map import config_map, packed
from toprope.slo.dashboards.frame import as_json
from toprope.slo.dashboards.overview import overview


def dashboard(
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Manifest of the resource; - is standard input. Left out: the overview."),
    ] = None,
    namespace: Annotated[
        str, typer.Option("--config-map", help="Print a ConfigMap for Grafana's sidecar, for this namespace.")
    ] = "",
    into: Annotated[Path | None, typer.Option(help="File to write.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when --into is stale.")] = False,
) -> None:
    """Print the Grafana dashboard of a resource, or the overview of all of them; or write or check a file.

    A resource's own dashboard is kept in the cluster by the operator; the overview comes with its installation.

    Example: toprope slo dashboard --config-map toprope-system | kubectl apply -f -
    """
    found = _of(file) if file else overview()
    command = " ".join(("toprope slo dashboard", *((f"--config-map {namespace}",) if namespace else ())))
    text = as_json(found)
    if namespace:
        carried = config_map({"name": f"{found['uid']}-dashboard", "namespace": namespace}, found["uid"], packed(found))
        text = as_yaml([carried], generated_by=command if into else None)
    generated.put(text, into, command, checked=check)


def _of(file: Path) -> dict[str, Any]:
    # Nothing on a dashboard depends on where the operator runs.
    resources, _ = resources_of(file, installation("", "", ""))
    if len(resources) != 1:
        fail(f"{file}: holds {len(resources)} resources; a dashboard is of one.")
    (one,) = resources
    return one.kind.dashboard(one.resource, one.rule_sets)
