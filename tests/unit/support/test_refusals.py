"""Every fault that is tried has the API server's answer to it written down, and no answer is left over."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.refusals import REFUSALS
from tests.support.specs import FAULTS, valid
from toprope.delivery.spec import RolloutSpec


def test_each_fault_has_its_refusal() -> None:
    assert REFUSALS.keys() == FAULTS.keys()


def test_generated_releases_have_every_field_there_is() -> None:
    generated = {path for seed in range(60) for path in paths(valid(seed).get("rollout", {}))}
    schema = RolloutSpec.model_json_schema(by_alias=True)
    assert generated == set(declared(schema, schema["$defs"]))


def paths(value: Any, above: str = "") -> Iterator[str]:
    """Of all fields of a spec, those in lists included."""
    if isinstance(value, list):
        yield from (path for one in value for path in paths(one, above))
    if isinstance(value, dict):
        for name, field in value.items():
            yield f"{above}.{name}"
            yield from paths(field, f"{above}.{name}")


def declared(schema: Mapping[str, Any], models: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Of all fields of a model."""
    for name, field in schema.get("properties", {}).items():
        yield f"{above}.{name}"
        inner = field.get("items", field).get("$ref", "").rsplit("/", 1)[-1]
        yield from declared(models.get(inner, {}), models, f"{above}.{name}")
