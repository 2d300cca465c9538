"""YAML whose every value knows its line and its path, so that a sentence can say where."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

_NULL = "tag:yaml.org,2002:null"

Where = tuple[str | int, ...]
"""The way to a field: names, and numbers in lists."""


class Note(NamedTuple):
    """One thing to be said of a place."""

    line: int
    path: str
    """The field, as `slos[0].sli.raw`; empty for a whole document."""
    reason: str
    """Why, and what to write instead."""

    def __str__(self) -> str:
        return f"line {self.line}, {self.path}: {self.reason}" if self.path else f"line {self.line}: {self.reason}"


class LeftOut(ValueError):
    """What this stands in cannot be used; `note` says where and why."""

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
        """To be raised: without this value nothing around it can be used."""
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
            found[name] = Place(value, path_of((name,), self.path))
        return {name: place for name, place in found.items() if place.node.tag != _NULL}

    def at(self, where: Where) -> "Place":
        """The value of a field further down; what is around it, by the field's path, where the field is not there."""
        node, path = self.node, self.path
        inner: yaml.Node | None = node
        for step in where:
            inner = _below(inner, step)
            node, path = inner or node, path_of((step,), path)
        return Place(node, path)

    def value(self) -> Any:
        """As Python has it; LeftOut where a field stands twice, or something is not what YAML says that it is."""
        for place in self._all():
            if isinstance(place.node, yaml.MappingNode):
                place.fields()
        try:
            return yaml.constructor.SafeConstructor().construct_document(self.node)
        except yaml.MarkedYAMLError as error:
            raise LeftOut(_of_yaml(error)) from error
        except ValueError as error:
            raise self.left_out(f"holds what is none of its kind: {error}") from error

    def _all(self) -> Iterator["Place"]:
        """It and all that is below it."""
        found = [self]
        seen: set[int] = set()
        while found:
            place = found.pop()
            if id(place.node) in seen:
                continue
            seen.add(id(place.node))
            yield place
            if isinstance(place.node, yaml.MappingNode):
                found += [Place(value, path_of((str(key.value),), place.path)) for key, value in place.node.value]
            if isinstance(place.node, yaml.SequenceNode):
                found += [Place(node, path_of((index,), place.path)) for index, node in enumerate(place.node.value)]

    def elements(self) -> Sequence["Place"]:
        """The elements of a list that has some."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.left_out("is no list: write its elements below it, each after a dash")
        if not self.node.value:
            raise self.left_out("is empty: write at least one")
        return [Place(node, path_of((index,), self.path)) for index, node in enumerate(self.node.value)]

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
            raise LeftOut(Note(self.line, path_of((name,), self.path), cure))
        return found


def path_of(where: Where, above: str = "") -> str:
    """As people read it: `spec.slos[0].objective`."""
    for step in where:
        above = f"{above}[{step}]" if isinstance(step, int) else f"{above}.{step}".removeprefix(".")
    return above


def where_of(path: str) -> Where:
    """The way that such a path means."""
    return tuple(int(number) if number else name for number, name in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path))


def documents(text: str, cure: str) -> Sequence[Place]:
    """All documents of a file that say anything; LeftOut when it is no YAML, or holds none (`cure`: what to write)."""
    try:
        found = [Place(node) for node in yaml.compose_all(text, yaml.SafeLoader) if node.tag != _NULL]
    except yaml.MarkedYAMLError as error:
        raise LeftOut(_of_yaml(error)) from error
    except RecursionError as error:
        raise LeftOut(Note(1, "", "is nested too deep: nobody needs so many levels")) from error
    except yaml.YAMLError as error:
        raise LeftOut(Note(1, "", f"is no text that YAML allows: {' '.join(str(error).split())}")) from error
    if not found:
        raise LeftOut(Note(1, "", f"holds nothing: {cure}"))
    return found


def _of_yaml(error: yaml.MarkedYAMLError) -> Note:
    mark = error.problem_mark or error.context_mark
    why = f"is no YAML: {error.problem or error.context}; check quotes and indentation there"
    return Note(mark.line + 1 if mark else 1, "", why)


def _below(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        below: yaml.Node = node.value[step]
        return below
    if isinstance(node, yaml.MappingNode):
        # What is merged in stands first, and what overrides it behind.
        return next((value for key, value in reversed(node.value) if key.value == step), None)
    return None
