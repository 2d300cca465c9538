"""The resource that a command speaks of, of whatever kind it is."""

from typing import Annotated

import typer

from toprope.cli.cluster import CommandCluster
from toprope.cli.say import fail
from toprope.core.objects import Manifest
from toprope.kind import Kind
from toprope.kinds import KINDS

Name = Annotated[str, typer.Argument(help="Name of the resource, or KIND/NAME, as sapp/links.")]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Its namespace.")]


async def found(cluster: CommandCluster, name: str, namespace: str) -> tuple[Kind, Manifest]:
    """The only resource that is called so; ends the command with a sentence where there is none, or several."""
    wanted, _, plain = name.rpartition("/")
    kinds = [kind for kind in KINDS if wanted.lower() in ("", *names_of(kind))]
    if not kinds:
        fail(f"{wanted} is no kind of Toprope's; known: {', '.join(kind.short for kind in KINDS)}.")
    named = await cluster.named(kinds, namespace, plain)
    if not named:
        fail(f"No {' or '.join(kind.resource.kind for kind in kinds)} is called {plain} in namespace {namespace}.")
    if len(named) > 1:
        fail(f"Several are called {plain}; say which: {', '.join(f'{kind.short}/{plain}' for kind, _ in named)}.")
    return named[0]


def names_of(kind: Kind) -> tuple[str, ...]:
    """All that a person may call the kind, in lower case."""
    return kind.short, kind.resource.plural, kind.resource.kind.lower()
