"""`toprope render`: the children of a spec, without a cluster."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from toprope.cli.rendering import NotRenderable, children, installation, resource_from
from toprope.cli.say import Format, fail
from toprope.core.objects import SECRET
from toprope.kinds import KINDS
from toprope.schema.text import as_yaml


def text_of(path: Path) -> str:
    """The text of a file (`-`: standard input); ends the command with a sentence when it cannot be read."""
    try:
        return typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        fail(f"{path}: {failure}")


def manifests_of(path: Path) -> list[dict[str, Any]]:
    """All documents of a YAML file (`-`: standard input); ends the command with a sentence when it cannot be read."""
    text = text_of(path)
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
    except yaml.YAMLError as failure:
        fail(f"{path}: {failure}")
    if strange := next((document for document in documents if not isinstance(document, dict)), None):
        fail(f"{path}: {str(strange)[:60]!r} is no object: a manifest has apiVersion, kind, metadata and spec.")
    return documents


def render(
    file: Annotated[Path, typer.Option("--file", "-f", help="Manifest of the resource; - is standard input.")],
    output: Annotated[Format, typer.Option("--output", "-o", help="text is YAML.")] = "text",
    image_prefix: Annotated[str, typer.Option(help="Where workload images come from.")] = "docker.io/toprope",
    operator_namespace: Annotated[str, typer.Option(help="Where the operator runs.")] = "toprope-system",
    monitoring_namespace: Annotated[str, typer.Option(help="Where Prometheus runs.")] = "monitoring",
) -> None:
    """Print the objects that the operator would make of a resource, all of them, when nothing goes wrong.

    A Secret that the spec names stands in the same file, with its keys; without it, what waits for it is left out.

    Example: toprope render -f examples/links.yaml
    """
    ours = installation(image_prefix, operator_namespace, monitoring_namespace)
    made: list[dict[str, Any]] = []
    documents = manifests_of(file)
    secrets = [one for one in documents if one.get("kind") == SECRET.kind]
    for manifest in documents:
        if manifest in secrets:
            continue
        try:
            made += asyncio.run(children(*resource_from(manifest, KINDS, ours), secrets))
        except NotRenderable as refusal:
            fail(f"{file}: {refusal}")
    typer.echo(json.dumps(made, indent=2) if output == "json" else as_yaml(made), nl=False)
