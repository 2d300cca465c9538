"""A kind becomes a CustomResourceDefinition that the API server would take."""

from dataclasses import replace

from tests.unit.schema.a_kind import A_KIND, Bare
from toprope.kind import Column
from toprope.schema.crd import custom_resource_definition

CRD = custom_resource_definition(A_KIND)
VERSION = CRD["spec"]["versions"][0]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]


def test_it_is_named_after_plural_and_group() -> None:
    assert CRD["metadata"]["name"] == "widgets.toprope.dev"


def test_it_has_short_names_and_the_category_of_all_kinds() -> None:
    names = CRD["spec"]["names"]
    assert (names["shortNames"], names["categories"], names["listKind"]) == (["wdg"], ["toprope"], "WidgetList")


def test_the_status_is_a_subresource() -> None:
    assert VERSION["subresources"] == {"status": {}}


def test_a_spec_with_a_required_field_is_required() -> None:
    assert SCHEMA["required"] == ["spec"]
    assert "default" not in SCHEMA["properties"]["spec"]


def test_a_spec_without_one_may_be_left_out() -> None:
    crd = custom_resource_definition(replace(A_KIND, spec=Bare))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["spec"]["default"] == {"size": 1}
    assert "required" not in schema


def test_nothing_in_a_status_has_a_default() -> None:
    assert "default:" not in str(SCHEMA["properties"]["status"]).replace("'", "")


def test_conditions_merge_by_type() -> None:
    assert SCHEMA["properties"]["status"]["properties"]["conditions"]["x-kubernetes-list-map-keys"] == ["type"]


def test_printer_columns_are_the_kinds() -> None:
    kind = replace(A_KIND, columns=[Column("Ready", "string", ".status.a", "Is it?", wide=True)])
    columns = custom_resource_definition(kind)["spec"]["versions"][0]["additionalPrinterColumns"]
    assert columns == [
        {"name": "Ready", "type": "string", "jsonPath": ".status.a", "description": "Is it?", "priority": 1}
    ]
