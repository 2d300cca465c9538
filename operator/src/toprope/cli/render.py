"""`toprope render`: the children of a spec, without a cluster."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from toprope.cli.manifest import resources_of
from toprope.cli.rendering import children, installation
from toprope.cli.say import Format
from toprope.schema.text import as_yaml


def render(
    file: Annotated[Path, typer.Option("--file", "-f", help="Manifest of the resource; - is standard input.")],
    output: Annotated[Format, typer.Option("--output", "-o", help="text is YAML.")] = "text",
    image_prefix: Annotated[str, typer.Option(help="Where workload images come from.")] = "docker.io/toprope",
    operator_namespace: Annotated[str, typer.Option(help="Where the operator runs.")] = "toprope-system",
    monitoring_namespace: Annotated[str, typer.Option(help="Where Prometheus runs.")] = "monitoring",
) -> None:
    """Print the objects that the operator would make of a resource, all of them, when nothing goes wrong.

    A Secret that the spec names stands in the same file, with its keys; without it, what waits for it is left out.

    Example: toprope render -f examples/links.yaml
    """
    resources, secrets = resources_of(file, installation(image_prefix, operator_namespace, monitoring_namespace))
    made = [child for one in resources for child in asyncio.run(children(one.kind, one.resource, secrets))]
    typer.echo(json.dumps(made, indent=2) if output == "json" else as_yaml(made), nl=False)
