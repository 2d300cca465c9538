"""What a search is limited to, as SQL twice: in words that an index of filters understands, and in words it does not.

The second form is for walks along the vector index. There a filter is looked at row by row; were it one that the
other index answers, the planner, which knows little of JSON, would fetch all matching rows and sort them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from search.generation import as_text

Filters = Mapping[str, Sequence[str]]
"""Field → values, of which a document has at least one; all fields must agree."""


class Condition:
    """Parts of a WHERE, and their parameters, numbered from `first` on."""

    def __init__(self, first: int) -> None:
        self._first = first
        self.parameters: list[Any] = []
        self.end = ""
        """What follows the WHERE."""
        self._parts: list[str] = []

    @property
    def where(self) -> str:
        """After `WHERE`; true where nothing is asked."""
        return " AND ".join(self._parts) or "true"

    def parameter(self, value: Any) -> str:
        """The name of a new parameter with this value."""
        self.parameters.append(value)
        return f"${self._first + len(self.parameters) - 1}"

    def add(self, part: str) -> None:
        """One more condition."""
        self._parts.append(part)


def indexed(filters: Filters, first: int) -> Condition:
    """For the index of filters."""
    condition = Condition(first)
    for field, values in filters.items():
        either = [f"filters @> {condition.parameter(as_text({field: [value]}))}::jsonb" for value in values]
        condition.add(f"({' OR '.join(either)})")
    return condition


def walked(filters: Filters, first: int) -> Condition:
    """For each row on the way along the index of vectors."""
    condition = Condition(first)
    for field, values in filters.items():
        name = condition.parameter(field)
        condition.add(f"(filters -> {name}::text) ?| {condition.parameter(list(values))}::text[]")
    return condition
