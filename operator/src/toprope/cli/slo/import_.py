"""`toprope slo import`: SLOs of other tools as ours."""

import json
from pathlib import Path
from typing import Annotated

import typer

from toprope.cli import say
from toprope.cli.slo.file import as_rules
from toprope.cli.slo.foreign import Tool, imported


def import_(
    file: Annotated[Path, typer.Argument(help="The other tool's file; - is standard input.")],
    written_by: Annotated[Tool, typer.Option("--from", help="Whose file it is.")],
    output: Annotated[say.Format, typer.Option("--output", "-o", help="text is YAML.")] = "text",
) -> None:
    """Print the SLOs of OpenSLO or Sloth as `spec.slos` of a resource.

    What cannot be carried over, or not as it stands, is told on standard error with its line, field and reason. Exit
    code 1 when nothing can be.

    Example: toprope slo import --from sloth slos.yaml
    """
    slos = [slo.model_dump(mode="json", by_alias=True, exclude_unset=True) for slo in imported(file, written_by).slos]
    fragment = {"spec": {"slos": slos}}
    typer.echo(json.dumps(fragment, indent=2) if output == "json" else as_rules(fragment), nl=output == "json")
