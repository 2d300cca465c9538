"""YAML whose every value knows its line and its path, so that a sentence can say where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import yaml

_NULL = "tag:yaml.org,2002:null"


class Note(NamedTuple):
    """One thing that is not carried over, or not as it stood."""

    line: int
    path: str
    """The field, as `slos[0].sli.raw`; empty for a whole document."""
    reason: str
    """Why, and what to write instead."""

    def __str__(self) -> str:
        return f"line {self.line}, {self.path}: {self.reason}" if self.path else f"line {self.line}: {self.reason}"


class LeftOut(ValueError):
    """What this stands in cannot be carried over; `note` says where and why."""

    def __init__(self, note: Note) -> None:
        super().__init__(str(note))
        self.note = note


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a file."""

    node: yaml.Node
    path: str = ""

    @property
    def line(self) -> int:
        """Where it begins; the first line is 1."""
        return int(self.node.start_mark.line) + 1

    def note(self, reason: str) -> Note:
        """A note about it."""
        return Note(self.line, self.path, reason)

    def left_out(self, reason: str) -> LeftOut:
        """To be raised: without this value nothing around it can be carried over."""
        return LeftOut(self.note(reason))

    def fields(self) -> dict[str, "Place"]:
        """The fields of a mapping; one without a value is not there."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.left_out("holds no fields: write `field: value` below it")
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            name = str(key.value)
            if name in found:
                raise found[name].left_out(f"stands twice, again in line {key.start_mark.line + 1}: remove one")
            found[name] = Place(value, f"{self.path}.{name}".removeprefix("."))
        return {name: place for name, place in found.items() if place.node.tag != _NULL}

    def elements(self) -> Sequence["Place"]:
        """The elements of a list that has some."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.left_out("is no list: write its elements below it, each after a dash")
        if not self.node.value:
            raise self.left_out("is empty: write at least one")
        return [Place(node, f"{self.path}[{index}]") for index, node in enumerate(self.node.value)]

    def text(self) -> str:
        """A scalar, letter by letter as it was written: `99.90` keeps its zero."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.left_out("must be a single value")
        return str(self.node.value)

    def is_true(self) -> bool:
        """Whether it says yes."""
        return self.text().lower() in ("true", "yes", "on")

    def needed(self, name: str, cure: str) -> "Place":
        """A field that must be there; `cure` says what to write."""
        if (found := self.fields().get(name)) is None:
            raise LeftOut(Note(self.line, f"{self.path}.{name}".removeprefix("."), cure))
        return found


def documents(text: str) -> Sequence[Place]:
    """All documents of a file that say anything; LeftOut when there is none, or it is no YAML."""
    try:
        found = [Place(node) for node in yaml.compose_all(text, yaml.SafeLoader) if node.tag != _NULL]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = f"is no YAML: {error.problem or error.context}; check quotes and indentation there"
        raise LeftOut(Note(mark.line + 1 if mark else 1, "", why)) from error
    except RecursionError as error:
        raise LeftOut(Note(1, "", "is nested too deep: no SLO needs so many levels")) from error
    except yaml.YAMLError as error:
        raise LeftOut(Note(1, "", f"is no text that YAML allows: {' '.join(str(error).split())}")) from error
    if not found:
        raise LeftOut(Note(1, "", "holds nothing: write SLOs into it"))
    return found
