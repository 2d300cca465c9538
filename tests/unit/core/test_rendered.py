"""Whether a live object is still what was rendered."""

from typing import Any

import pytest

from toprope.cli.paper import merged
from toprope.core.rendered import unchanged, with_hash

SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "links", "annotations": {"of": "somebody"}},
    "spec": {"selector": {"app": "links"}, "ports": [{"port": 80}], "externalIPs": []},
}


@pytest.mark.parametrize(
    ("sentence", "edit", "same"),
    [
        ("nothing", {}, True),
        ("a field that we leave open", {"spec": {"clusterIP": "10.0.0.1"}, "status": {}}, True),
        ("an empty list that the API server does not store", {"spec": {"externalIPs": None}}, True),
        ("a default inside a list", {"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}, True),
        ("a leaf", {"spec": {"ports": [{"port": 81}]}}, False),
        ("a leaf of another type", {"spec": {"ports": [{"port": "80"}]}}, False),
        ("one element more", {"spec": {"ports": [{"port": 80}, {"port": 81}]}}, False),
        ("a list that went", {"spec": {"ports": None}}, False),
        ("a struct that went", {"spec": None}, False),
        ("a selector with a label more", {"spec": {"selector": {"more": "x"}}}, False),
        ("an annotation of somebody else's", {"metadata": {"annotations": {"more": "x"}}}, True),
    ],
)
def test_an_edit_of_what_we_rendered_is_seen(sentence: str, edit: dict[str, Any], same: bool) -> None:
    assert unchanged(SERVICE, merged(with_hash(SERVICE), edit)) is same


def test_what_we_no_longer_render_is_seen_by_the_hash() -> None:
    earlier = merged(SERVICE, {"spec": {"sessionAffinity": "ClientIP"}})
    assert not unchanged(SERVICE, with_hash(earlier))
    assert not unchanged(SERVICE, SERVICE)
