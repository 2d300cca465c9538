"""What a model may say, how it is said in the CRD, and what is refused, with its path."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, create_model

from toprope.core.model import SpecModel
from toprope.schema.structural import NotStructural, Schema, structural


class Colour(StrEnum):
    RED = "Red"
    BLUE = "Blue"


class Inner(SpecModel):
    """A part."""

    size: int = 3
    """How big."""

    unit_name: str = "mm"
    """In what."""


class Named(SpecModel):
    """A named thing."""

    name: str
    """Its name."""


class Endless(SpecModel):
    """Contains itself."""

    within: "Endless | None" = None
    """Another."""


class Opening(SpecModel):
    """A part with something open."""

    inner: Inner | None = None
    """Left open."""

    inners: Annotated[list[Inner], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})] = [Inner()]
    """A list."""


MAP_BY_NAME = Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]})
BY_A_MISSING_KEY = Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"]})
TEXT: Schema = {"type": "string"}
INNER: Schema = {
    "type": "object",
    "description": "A part.",
    "properties": {
        "size": {"type": "integer", "description": "How big.", "default": 3},
        "unitName": {"type": "string", "description": "In what.", "default": "mm"},
    },
}
NAMED: Schema = {
    "type": "object",
    "description": "A named thing.",
    "properties": {"name": {"type": "string", "description": "Its name."}},
    "required": ["name"],
}


def field(annotation: Any, default: Any = ...) -> Schema:
    """The schema of one field of that annotation, without its description."""
    model = create_model("Model", __base__=SpecModel, it=(annotation, Field(default, description="It.")))
    schema: Schema = structural(model, "spec")["properties"]["it"]
    assert schema.pop("description") == "It."
    return schema


@pytest.mark.parametrize(
    ("sentence", "annotation", "schema"),
    [
        ("text", str, TEXT),
        ("a switch", bool, {"type": "boolean"}),
        ("bounded text", Annotated[str, Field(pattern="^a(?:b)$", max_length=3)],
         {"type": "string", "pattern": "^a(?:b)$", "maxLength": 3}),
        ("an exclusive bound is a bound and a mark", Annotated[int, Field(gt=0, le=9)],
         {"type": "integer", "maximum": 9, "minimum": 0, "exclusiveMinimum": True}),
        ("one word is an enum of one", Literal["Fast"], {"type": "string", "enum": ["Fast"]}),
        ("words are an enum", Literal["A", "B"], {"type": "string", "enum": ["A", "B"]}),
        ("an enum class is its values, described by the field", Colour, {"type": "string", "enum": ["Red", "Blue"]}),
        ("a list of text", list[str], {"type": "array", "items": TEXT}),
        ("a set is a list that merges", set[str],
         {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"}),
        ("a list of named things merges by name", Annotated[list[Named], MAP_BY_NAME],
         {"type": "array", "items": NAMED, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
        ("a map has typed values", dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("a bounded map", Annotated[dict[str, str], Field(max_length=2)],
         {"type": "object", "additionalProperties": TEXT, "maxProperties": 2}),
        ("a number or a word", int | str, {"x-kubernetes-int-or-string": True,
         "anyOf": [{"type": "integer"}, {"type": "string"}]}),
    ],
)  # fmt: skip
def test_a_field_is_said_as_kubernetes_says_it(sentence: str, annotation: Any, schema: Schema) -> None:
    assert field(annotation) == schema


@pytest.mark.parametrize(
    ("sentence", "annotation", "path_and_word"),
    [
        ("a union of two structs", Inner | Named, "spec.it: a union"),
        ("a tuple", tuple[int, str], "spec.it: prefixItems has no place"),
        ("a list of anything", list[Any], "spec.it: a list of anything"),
        ("a value of any type", Any, "spec.it: a value of any type"),
        ("an object of anything", dict[str, Any], "spec.it: an object of anything"),
        ("a float", float, "spec.it: a float"),
        ("a float deep inside", list[dict[str, float]], "spec.it[]{}: a float"),
        ("ISO durations", timedelta, "spec.it: format duration"),
        ("decimals, whose pattern looks ahead", Decimal, "spec.it: "),
        ("constrained keys of a map", dict[Annotated[str, Field(pattern="^a$")], str], "spec.it: p"),
        ("free use of the API server's words",
         Annotated[Inner, Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})],
         "spec.it: x-kubernetes-preserve-unknown-fields has no place"),
        ("recursion", Endless, "spec.it.within: Endless contains itself"),
        ("objects in a list that nobody said how to merge", list[Named], "spec.it: a list of objects"),
        ("a list keyed by what its items lack", Annotated[list[Named], BY_A_MISSING_KEY], "spec.it: list map key 'id'"),
    ],
)  # fmt: skip
def test_what_has_no_place_is_refused_with_its_path(sentence: str, annotation: Any, path_and_word: str) -> None:
    with pytest.raises(NotStructural) as refusal:
        field(annotation)
    assert str(refusal.value).startswith(path_and_word)


def test_an_optional_field_is_simply_not_required() -> None:
    assert field(str | None, None) == TEXT


def test_an_optional_field_may_have_a_default() -> None:
    assert field(str | None, "x") == {**TEXT, "default": "x"}


def test_an_optional_struct_has_no_default() -> None:
    assert field(Inner | None, None) == {key: INNER[key] for key in ("type", "properties")}


def test_a_nested_default_is_whole_for_the_rules_beside_it_see_nothing_else() -> None:
    assert field(Inner, Inner(unit_name="km"))["default"] == {"size": 3, "unitName": "km"}


def test_what_a_default_leaves_open_is_absent() -> None:
    assert field(Opening, Opening())["default"] == {"inners": [{"size": 3, "unitName": "mm"}]}


def test_a_default_of_a_factory_is_refused() -> None:
    model = create_model("Model", __base__=SpecModel, it=(Inner, Field(default_factory=Inner, description="It.")))
    with pytest.raises(NotStructural, match=r"^spec\.it: default_factory"):
        structural(model, "spec")


def test_a_field_that_nobody_explains_is_refused() -> None:
    model = create_model("Model", __base__=SpecModel, it=(str, ...))
    with pytest.raises(NotStructural, match=r"^spec\.it: no docstring"):
        structural(model, "spec")


def test_rules_of_a_model_and_of_a_field_stay_where_they_stand() -> None:
    rule: Schema = {"x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "It stays."}]}
    assert field(Annotated[str, Field(json_schema_extra=rule)]) == TEXT | rule


def test_the_lines_of_a_docstring_flow_and_its_paragraphs_stay() -> None:
    model = create_model("Model", __base__=SpecModel, it=(str, Field(description="One\nsentence.\n\nAnother.\n")))
    assert structural(model, "spec")["properties"]["it"]["description"] == "One sentence.\n\nAnother."


def test_what_is_required_is_listed() -> None:
    assert structural(Named, "spec") == NAMED
