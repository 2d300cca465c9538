"""What a model refuses, as sentences for people: which field, why, and what to write instead."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from toprope.core.places import Where, path_of


class Fault(NamedTuple):
    """One thing that is wrong."""

    where: Where
    why: str
    """Goes on from the field: `is missing`."""

    def __str__(self) -> str:
        return f"{path_of(self.where)}: {self.why}" if self.where else self.why


class Misplaced(ValueError):
    """What a model says of one of its fields, where only the whole shows that it is wrong."""

    def __init__(self, where: Where, why: str) -> None:
        super().__init__(why)
        self.where = where


_WHY: Mapping[str, str] = {
    "missing": "is missing",
    "model_type": "holds no fields: write `field: value` below it",
    "dict_type": "holds no fields: write `name: value` below it",
    "list_type": "is no list: write its elements below it, each after a dash",
    "literal_error": "{input} is none of {expected}",
    "string_pattern_mismatch": "{input} is not of the form {pattern}",
    "string_too_long": "is longer than {max_length} characters",
    "too_long": "has more than {max_length} elements",
    "int_type": "{input} is no whole number",
    "int_parsing": "{input} is no whole number",
    "int_from_float": "{input} is no whole number",
    "bool_type": "{input} is neither true nor false",
    "bool_parsing": "{input} is neither true nor false",
    "greater_than_equal": "{input} is below the least, {ge}",
    "less_than_equal": "{input} is above the most, {le}",
}


def faults(refusal: ValidationError, above: Where = ()) -> Sequence[Fault]:
    """All that was refused; `above` leads to the model."""
    return [_fault(error, above) for error in refusal.errors(include_url=False)]


def _fault(error: ErrorDetails, above: Where) -> Fault:
    where, context = (*above, *error["loc"]), error.get("ctx", {})
    if isinstance(cause := context.get("error"), Misplaced):
        return Fault((*where, *cause.where), str(cause))
    if isinstance(cause, ValueError):
        return Fault(where, str(cause))
    if error["type"] == "string_type":
        return Fault(where, _no_text(error["input"]))
    said = _WHY.get(error["type"], f"{error['msg'][:1].lower()}{error['msg'][1:]}".replace("{", "{{"))
    return Fault(where, said.format(**{**context, "input": repr(error["input"])}))


def _no_text(given: Any) -> str:
    if given is None:
        return "has no value"
    if isinstance(given, dict | list):
        return "must be a single text"
    return f'must be text: write it in quotes, as "{given}"'
