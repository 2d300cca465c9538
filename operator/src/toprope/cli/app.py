"""All commands of `toprope`, each in a file of its name."""

import typer

from toprope.cli.crds import crds
from toprope.cli.demo import demo
from toprope.cli.gate.command import gate
from toprope.cli.plan import plan
from toprope.cli.rbac import rbac
from toprope.cli.render import render
from toprope.cli.rollout import commands
from toprope.cli.rollout.explain import explain
from toprope.cli.rollout.history import history
from toprope.cli.rollout.watch import watch
from toprope.cli.run import run
from toprope.cli.slo.app import slo
from toprope.cli.status import status

app = typer.Typer(
    name="toprope", help="AI back ends on Kubernetes, held by their SLOs.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip
for command in (status, explain, watch, history, *commands.COMMANDS, render, plan, gate, demo, crds, rbac, run):
    app.command()(command)
app.add_typer(slo)
