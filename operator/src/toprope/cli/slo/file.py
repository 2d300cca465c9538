"""A manifest's SLOs, as the commands of `toprope slo` read them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from toprope.cli.manifest import resources_of
from toprope.cli.rendering import installation
from toprope.cli.say import fail
from toprope.cli.slo.foreign import Tool, imported, judged
from toprope.slo.rule_sets import RuleSet

File = Annotated[Path, typer.Option("--file", "-f", help="Manifest of the resource; - is standard input.")]


From = Annotated[Tool | None, typer.Option("--from", help="The file is of another tool: read its SLOs as ours.")]
Namespace = Annotated[str | None, typer.Option(help="With --from: their namespace. Default: what the file names.")]
Name = Annotated[str | None, typer.Option(help="With --from: whose SLOs they are. Default: the file's service.")]


def whole(file: Path, written_by: Tool | None, namespace: str | None, name: str | None) -> Sequence[RuleSet]:
    """All SLOs of a file; ends the command when one of them is broken."""
    if written_by:
        return judged(file, imported(file, written_by), namespace, name)
    if namespace or name:
        fail("--namespace and --name go with --from: a manifest of Toprope says both itself.", code=2)
    found, _ = resources_of(file, installation("", "toprope-system", "monitoring"))
    if broken := [sentence for one in found for sentence in one.broken]:
        fail("\n".join(broken))
    return [promise for one in found for promise in one.rule_sets]


def as_rules(value: Any) -> str:
    """As YAML, an expression on one line."""
    text: str = yaml.safe_dump(value, sort_keys=False, width=100_000)
    return text
