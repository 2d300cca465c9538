"""What the API server makes of the generated CRDs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.errors import ApiError
from dev.floor import Floor
from tests.support.searches import PAPERS
from toprope.kind import Kind
from toprope.kinds import KINDS

CRDS = Path(__file__).parents[3] / "crds"


@pytest.fixture(scope="module", autouse=True)
def installed(floor: Floor) -> None:
    floor.install(CRDS)


LEAST = {"SearchIndex": PAPERS}
"""What a kind cannot do without."""


def resource(kind: Kind, namespace: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "bare", "namespace": namespace}
    return {"apiVersion": kind.resource.api_version, "kind": kind.resource.kind, "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.resource.kind)
def test_each_schema_is_structural(kind: Kind, floor: Floor) -> None:
    crd = floor.api.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind.resource.plural}.toprope.dev")
    conditions = {one["type"]: one["status"] for one in crd["status"]["conditions"]}
    assert conditions["Established"] == "True"
    assert conditions.get("NonStructuralSchema", "False") == "False"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.resource.kind)
def test_a_least_spec_gets_the_models_own_defaults(kind: Kind, floor: Floor, namespace: str) -> None:
    least = LEAST.get(kind.resource.kind, {})
    live, model = floor.api.apply(resource(kind, namespace, **least)), kind.spec.model_validate(least)
    assert kind.spec.model_validate(live["spec"]) == model
    stored = {name for name, value in model.model_dump(by_alias=True).items() if value is not None}
    assert set(live["spec"]) == stored


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.resource.kind)
def test_an_unknown_field_is_refused_with_its_path(kind: Kind, floor: Floor, namespace: str) -> None:
    with pytest.raises(ApiError, match=r"spec\.colour: field not declared in schema|unknown field \"spec\.colour\""):
        floor.api.apply(resource(kind, namespace, colour="red"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.resource.kind)
def test_every_field_is_explained(kind: Kind, floor: Floor) -> None:
    crd = floor.api.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind.resource.plural}.toprope.dev")
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    assert [path for part in ("spec", "status") for path in unexplained(schema[part], part)] == []


def unexplained(schema: dict[str, Any], path: str) -> Iterator[str]:
    """Paths of fields without a description."""
    for name, field in schema.get("properties", {}).items():
        if not field.get("description"):
            yield f"{path}.{name}"
        yield from unexplained(field, f"{path}.{name}")
    for nest in ("items", "additionalProperties"):
        if isinstance(schema.get(nest), dict):
            yield from unexplained(schema[nest], f"{path}[]")
