"""`toprope crds`: the CustomResourceDefinitions of all kinds."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from toprope.cli import generated
from toprope.cli.say import fail
from toprope.kind import Kind
from toprope.kinds import KINDS
from toprope.schema.crd import custom_resource_definition
from toprope.schema.text import as_yaml


def files(kinds: Iterable[Kind], directory: Path) -> dict[Path, str]:
    """One file a kind, named `<group>_<plural>.yaml`, as `kubectl` users know it."""
    return {
        directory / f"{kind.resource.group}_{kind.resource.plural}.yaml": as_yaml(
            [custom_resource_definition(kind)], generated_by="toprope crds"
        )
        for kind in kinds
    }


def crds(
    into: Annotated[Path | None, typer.Option(help="Folder to write one file per kind into.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when a file of --into is stale.")] = False,
) -> None:
    """Print the CRDs, or write or check the files of a folder.

    Example: toprope crds | kubectl apply --server-side -f -
    """
    if into is None:
        if check:
            fail("--check compares files: name their folder, for example `toprope crds --into crds --check`.")
        typer.echo(as_yaml(map(custom_resource_definition, KINDS)), nl=False)
    elif check:
        generated.check(files(KINDS, into), f"toprope crds --into {into}")
    else:
        generated.write(files(KINDS, into))
