"""All commands of `toprope`, each in a file of its name."""

import typer

from toprope.cli.crds import crds
from toprope.cli.rbac import rbac
from toprope.cli.render import render

app = typer.Typer(
    name="toprope", help="AI back ends on Kubernetes, held by their SLOs.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip
for command in (crds, rbac, render):
    app.command()(command)
