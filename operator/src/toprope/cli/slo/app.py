"""All commands of `toprope slo`."""

import typer

from toprope.cli.slo.backtest import backtest
from toprope.cli.slo.dashboard import dashboard
from toprope.cli.slo.import_ import import_
from toprope.cli.slo.prove import prove
from toprope.cli.slo.rules import rules

slo = typer.Typer(name="slo", help="What is promised: rules, proofs, backtests, dashboards.", no_args_is_help=True)
for command in (rules, prove, backtest, dashboard):
    slo.command()(command)
slo.command("import")(import_)
