"""`toprope rbac`: the rights that the operator needs, no more."""

from pathlib import Path
from typing import Annotated

import typer

from toprope.cli import generated
from toprope.kinds import KINDS
from toprope.schema.rbac import Account, access
from toprope.schema.text import as_yaml


def rbac(
    namespaces: Annotated[
        str, typer.Option(help="Comma-separated: a Role in each of them instead of one ClusterRole.")
    ] = "",
    operator_namespace: Annotated[str, typer.Option(help="Where the operator runs.")] = "toprope-system",
    service_account: Annotated[str, typer.Option(help="What it runs as.")] = "toprope",
    into: Annotated[Path | None, typer.Option(help="File to write.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when --into is stale.")] = False,
) -> None:
    """Print role and binding of the operator, or write or check a file.

    Example: toprope rbac --namespaces team-a,team-b | kubectl apply --server-side -f -
    """
    scopes = [name.strip() for name in namespaces.split(",") if name.strip()]
    manifests = access(KINDS, Account(operator_namespace, service_account), scopes)
    text = as_yaml(manifests, generated_by="toprope rbac" if into else None)
    generated.put(text, into, "toprope rbac", checked=check)
