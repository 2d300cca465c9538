"""A kind as a CustomResourceDefinition: pruned, with a status of its own, explained field by field."""

from typing import Any

from toprope.core.model import ruled
from toprope.kind import Column, Kind
from toprope.schema.structural import Schema, structural, told

CATEGORY = "toprope"
"""`kubectl get toprope` lists all resources of all kinds."""

_NAMED = (
    "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    "metadata.name must start with a letter and hold lower-case letters, digits and '-': Services bear it",
)

_META = {
    "apiVersion": {"type": "string", "description": "The version of the API that this object is written in."},
    "kind": {"type": "string", "description": "What this object is."},
    "metadata": {"type": "object"},
}


def custom_resource_definition(kind: Kind) -> dict[str, Any]:
    """The CRD of `kind`; NotStructural, with the path of the field, when its models cannot be said in one."""
    resource = kind.resource
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {
            "group": resource.group,
            "names": _names(kind),
            "scope": "Namespaced",
            "versions": [
                {
                    "name": resource.version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": _root(kind)},
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [_printed(column) for column in kind.columns],
                }
            ],
        },
    }


def _names(kind: Kind) -> dict[str, Any]:
    name = kind.resource.kind
    return {
        "kind": name,
        "listKind": f"{name}List",
        "plural": kind.resource.plural,
        "singular": name.lower(),
        "shortNames": [kind.short],
        "categories": [CATEGORY],
    }


def _root(kind: Kind) -> Schema:
    """A spec that may be empty may also be absent: its defaults apply all the same."""
    spec = structural(kind.spec, "spec")
    absent: Schema = {} if "required" in spec else {"default": told(kind.spec().model_dump(mode="json", by_alias=True))}
    return {
        "type": "object",
        "description": kind.description,
        **ruled(_NAMED),
        "properties": {**_META, "spec": spec | absent, "status": _undefaulted(structural(kind.status, "status"))},
        **({} if absent else {"required": ["spec"]}),
    }


def _undefaulted(schema: Schema) -> Schema:
    """A status holds what the operator found, and nothing that the API server added."""
    out = {key: value for key, value in schema.items() if key != "default"}
    for nest in ("items", "additionalProperties"):
        if nest in out:
            out[nest] = _undefaulted(out[nest])
    if "properties" in out:
        out["properties"] = {name: _undefaulted(field) for name, field in out["properties"].items()}
    return out


def _printed(column: Column) -> dict[str, Any]:
    out = {
        "name": column.name,
        "type": column.type,
        "jsonPath": column.json_path,
        "description": column.description,
    }
    return out | ({"priority": 1} if column.wide else {})
