"""All commands of `toprope slo`."""

import typer

from toprope.cli.slo.dashboard import dashboard

slo = typer.Typer(name="slo", help="What is promised: rules, proofs, dashboards.", no_args_is_help=True)
slo.command()(dashboard)
