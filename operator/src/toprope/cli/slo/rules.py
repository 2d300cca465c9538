"""`toprope slo rules`: the rules of a manifest's SLOs, without a cluster."""

import json
from typing import Annotated

import typer

from toprope.cli.say import Format
from toprope.cli.slo.file import File, From, Name, Namespace, as_rules, whole
from toprope.slo.rule_sets import rule_groups


def rules(
    file: File,
    output: Annotated[Format, typer.Option("--output", "-o", help="text is YAML.")] = "text",
    written_by: From = None,
    namespace: Namespace = None,
    name: Name = None,
) -> None:
    """Print the recording rules and alerts, as a rule file of Prometheus.

    Example: toprope slo rules -f examples/links.yaml
    """
    groups = rule_groups(whole(file, written_by, namespace, name))
    typer.echo(json.dumps(groups, indent=2) if output == "json" else as_rules(groups), nl=output == "json")
