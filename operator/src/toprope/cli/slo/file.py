"""A manifest's SLOs, as the commands of `toprope slo` read them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from toprope.cli.render import manifests_of
from toprope.cli.rendering import NotRenderable, installation, resource_from
from toprope.cli.say import fail
from toprope.cli.slo.foreign import NAMESPACE, Tool, imported, judged
from toprope.core.objects import SECRET
from toprope.kinds import KINDS
from toprope.slo.rule_sets import RuleSet

File = Annotated[Path, typer.Option("--file", "-f", help="Manifest of the resource; - is standard input.")]


From = Annotated[Tool | None, typer.Option("--from", help="The file is of another tool: read its SLOs as ours.")]
Namespace = Annotated[str | None, typer.Option(help=f"With --from: namespace of the SLOs. Default: {NAMESPACE}.")]
Name = Annotated[str | None, typer.Option(help="With --from: whose SLOs they are. Default: the file's service.")]


def whole(file: Path, written_by: Tool | None, namespace: str | None, name: str | None) -> Sequence[RuleSet]:
    """All SLOs of a file; ends the command when one of them is broken."""
    if written_by:
        return judged(file, imported(file, written_by), namespace or NAMESPACE, name)
    if namespace or name:
        fail("--namespace and --name go with --from: a manifest of Toprope says both itself.", code=2)
    found = [promise for manifest in manifests_of(file) for promise in _promises(file, manifest)]
    if broken := [promise for promise in found if promise.ruled is None]:
        fail("\n".join(f"{file}: SLO {promise.slo.name}: {promise.broken}" for promise in broken))
    return found


def _promises(file: Path, manifest: dict[str, Any]) -> Sequence[RuleSet]:
    if manifest.get("kind") == SECRET.kind:
        return ()
    try:
        kind, resource = resource_from(manifest, KINDS, installation("", "toprope-system", "monitoring"))
    except NotRenderable as refusal:
        fail(f"{file}: {refusal}")
    return kind.rule_sets(resource)


def as_rules(value: Any) -> str:
    """As YAML, an expression on one line."""
    text: str = yaml.safe_dump(value, sort_keys=False, width=100_000)
    return text
