"""A pydantic model as a structural schema: the JSON schema that a CustomResourceDefinition may hold.

pydantic's output and the API server's subset of JSON schema differ in a dozen places. What has one meaning in both is
translated; anything else is refused with the path of the field and what to write instead, never guessed: a schema that
is merely accepted by the API server prunes or lets through what its author did not mean.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_PLAIN = (
    "description", "format", "pattern", "enum", "multipleOf",
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum",
    "x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
)  # fmt: skip
_TRANSLATED = {
    "$defs", "$ref", "title", "type", "const", "anyOf", "exclusiveMinimum", "exclusiveMaximum", "items", "uniqueItems",
    "additionalProperties", "properties", "required", "default",
}  # fmt: skip
_FORMATS = ("date-time", "int32", "int64")
_JSON_TYPES = {str: "string", bool: "boolean", int: "integer"}
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]


class NotStructural(ValueError):
    """A model says something that a structural schema cannot, at the path that the text begins with."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the model the translation is."""

    path: str
    shared: Mapping[str, Schema]
    """pydantic's `$defs`."""
    inside: tuple[str, ...] = ()
    """Names of the shared definitions that surround this place."""

    def under(self, step: str) -> "_Place":
        return replace(self, path=self.path + step)

    def refuse(self, why: str) -> NotStructural:
        return NotStructural(f"{self.path}: {why}")


def structural(model: type[BaseModel], path: str) -> Schema:
    """The structural schema of `model`; `path` (`spec`, `status`) begins the paths in refusals.

    NotStructural when the model cannot be said in one.
    """
    source = model.model_json_schema(by_alias=True, mode="validation")
    return _node(source, _Place(path, source.get("$defs", {})))


def _node(source: Schema, at: _Place) -> Schema:
    source, at = _inlined(source, at)
    if "anyOf" in source:
        return _optional_or_int_or_string(source, at)
    if unknown := sorted(source.keys() - _TRANSLATED - set(_PLAIN)):
        raise at.refuse(f"{unknown[0]} has no place in a structural schema")
    out: Schema = {"type": _type(source, at)} | {key: source[key] for key in _PLAIN if key in source}
    _check_format(out, at)
    out |= _SHAPES.get(out["type"], _scalar)(source, at)
    if "description" in out:
        out["description"] = _flowing(out["description"])
    return out | _default(source)


def _inlined(source: Schema, at: _Place) -> tuple[Schema, _Place]:
    """`$ref` replaced by what it names; words beside it win."""
    while "$ref" in source:
        name = source["$ref"].removeprefix("#/$defs/")
        if name in at.inside:
            raise at.refuse(f"{name} contains itself; a structural schema has a finite depth")
        beside = {key: value for key, value in source.items() if key != "$ref"}
        source, at = {**at.shared[name], **beside}, replace(at, inside=(*at.inside, name))
    return source, at


def _optional_or_int_or_string(source: Schema, at: _Place) -> Schema:
    """`X | None` is an X that may be left out; `int | str` has a word of its own; other unions do not exist."""
    members = [member for member in source["anyOf"] if member != {"type": "null"}]
    beside = {key: value for key, value in source.items() if key not in ("anyOf", "title")}
    if len(members) < len(source["anyOf"]) and beside.get("default", "") is None:
        del beside["default"]
    if len(members) == 1:
        return _node({**members[0], **beside}, at)
    if members == _INT_OR_STRING:
        return {"x-kubernetes-int-or-string": True, "anyOf": _INT_OR_STRING} | beside
    raise at.refuse("a union; write a struct of optional members and a CEL rule that wants exactly one of them")


def _type(source: Schema, at: _Place) -> str:
    if "const" in source:
        source["enum"] = [source["const"]]
    kind = source.get("type") or _JSON_TYPES.get(type((source.get("enum") or [None])[0]))
    if kind is None:
        raise at.refuse("a value of any type; name its fields")
    if kind == "number":
        raise at.refuse("a float; write text with a pattern, so that every client reads the same number")
    return str(kind)


def _check_format(out: Schema, at: _Place) -> None:
    if out.get("format", _FORMATS[0]) not in _FORMATS:
        raise at.refuse(f"format {out['format']} is not Kubernetes' way to write it; write text with a pattern")


def _scalar(source: Schema, at: _Place) -> Schema:
    """Bounds: pydantic says an exclusive one as a number, Kubernetes as a number and a mark."""
    out: Schema = {}
    for bound in ("Minimum", "Maximum"):
        if (limit := source.get(f"exclusive{bound}")) is not None:
            out |= {bound.lower(): limit, f"exclusive{bound}": True}
    return out


def _array(source: Schema, at: _Place) -> Schema:
    if not source.get("items"):
        raise at.refuse("a list of anything; say what its items are")
    items = _node(source["items"], at.under("[]"))
    merges = source.get("x-kubernetes-list-type")
    if items.get("type") == "object" and merges is None:
        raise at.refuse("a list of objects; say x-kubernetes-list-type (map with its keys, or atomic) on the field")
    if merges == "map":
        _check_keys(source, items, at)
    return {"items": items} | ({"x-kubernetes-list-type": "set"} if source.get("uniqueItems") else {})


def _check_keys(source: Schema, items: Schema, at: _Place) -> None:
    for key in source.get("x-kubernetes-list-map-keys") or [""]:
        if key not in items.get("required", ()) and "default" not in items.get("properties", {}).get(key, {}):
            raise at.refuse(f"list map key '{key}' must be a field of the items, required or with a default")


def _object(source: Schema, at: _Place) -> Schema:
    if "properties" in source:
        required = source.get("required", [])
        fields = {
            name: _field(field, name in required, at.under(f".{name}")) for name, field in source["properties"].items()
        }
        return {"properties": fields} | ({"required": required} if required else {})
    values = source.get("additionalProperties")
    if not isinstance(values, dict) or not values:
        raise at.refuse("an object of anything; name its fields, or give the values of the map a type")
    return {"additionalProperties": _node(values, at.under("{}"))}


def _field(source: Schema, required: bool, at: _Place) -> Schema:
    if not required and "default" not in source:
        raise at.refuse("default_factory leaves no trace in the schema; write the default itself")
    out = _node(source, at)
    if "description" not in out:
        raise at.refuse("no docstring below the attribute; `kubectl explain` would have nothing to say")
    return out


_SHAPES: Mapping[str, Callable[[Schema, _Place], Schema]] = {"array": _array, "object": _object}


def _default(source: Schema) -> Schema:
    """The whole default, also where the nested fields have defaults of their own.

    The API server checks a default by itself, with the rules beside it, before any nested default is filled in.
    """
    return {"default": told(source["default"])} if "default" in source else {}


def told(value: Any) -> Any:
    """JSON-like data without what is null: absent is how Kubernetes says it."""
    if isinstance(value, dict):
        return {key: told(one) for key, one in value.items() if one is not None}
    return [told(one) for one in value] if isinstance(value, list) else value


def _flowing(docstring: str) -> str:
    """Lines joined to paragraphs: the reader's terminal wraps them anew."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", docstring.strip()))
