"""Manifests in a file: the resources of ours, or line by line what is wrong with them and what to write instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from toprope.cli.rendering import NotRenderable, resource_from
from toprope.cli.say import fail
from toprope.core.objects import SECRET
from toprope.core.places import LeftOut, Place, Where, documents
from toprope.core.resource import Installation, Resource
from toprope.kind import Kind
from toprope.kinds import KINDS
from toprope.slo.rule_sets import RuleSet

_CURE = "write a resource into it, as examples/links.yaml"


@dataclass(frozen=True, slots=True)
class Written:
    """A resource of ours as it stands in a file."""

    kind: Kind
    resource: Resource
    file: Path
    place: Place
    rule_sets: Sequence[RuleSet]
    """Each SLO as rules, or with what is wrong with it."""

    @property
    def broken(self) -> list[str]:
        """A sentence of each SLO without rules."""
        slos = [(("spec", "slos", index), one.broken) for index, one in enumerate(self.rule_sets)]
        return [told(self.file, self.place, where, why) for where, why in slos if why]


def told(file: Path, place: Place, where: Where, why: str) -> str:
    """What is wrong with a field of a document, and in which line."""
    return f"{file}: {place.at(where).note(why)}"


def text_of(path: Path) -> str:
    """The text of a file (`-`: standard input); ends the command with a sentence when it cannot be read."""
    try:
        return typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        fail(f"{path}: {failure}")


def manifests_of(path: Path) -> list[tuple[Place, Mapping[str, Any]]]:
    """All documents of a YAML file (`-`: standard input); ends the command with a sentence where one is no object."""
    found: list[tuple[Place, Mapping[str, Any]]] = []
    try:
        for place in documents(text_of(path), _CURE):
            if not isinstance(value := place.value(), dict):
                raise place.left_out(
                    f"{str(value)[:60]!r} is no object: a manifest has apiVersion, kind, metadata and spec"
                )
            found.append((place, value))
    except LeftOut as left:
        fail(f"{path}: {left}")
    return found


def resources_of(path: Path, ours: Installation) -> tuple[list[Written], list[Mapping[str, Any]]]:
    """The resources of a file, and the Secrets in it; ends the command where one of them would be refused."""
    written: list[Written] = []
    secrets: list[Mapping[str, Any]] = []
    wrong: list[str] = []
    for place, manifest in manifests_of(path):
        if manifest.get("kind") == SECRET.kind:
            secrets.append(manifest)
            continue
        try:
            kind, resource = resource_from(manifest, KINDS, ours)
            written.append(Written(kind, resource, path, place, kind.rule_sets(resource)))
        except NotRenderable as refusal:
            wrong += [told(path, place, *fault) for fault in refusal.faults]
    if wrong:
        fail("\n".join(wrong))
    return written, secrets
