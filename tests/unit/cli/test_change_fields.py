"""Which fields differ."""

from collections.abc import Mapping
from typing import Any

import pytest

from toprope.cli.change.fields import differing, wanted
from toprope.cli.paper import merged

A = {"metadata": {"labels": {"a.b/c": "1"}}, "spec": {"ports": [1, 2], "names": [{"name": "x"}], "empty": []}}


@pytest.mark.parametrize(
    ("patch", "paths", "missing"),
    [
        ({}, [], []),
        ({"metadata": {"labels": {"a.b/c": "2"}}}, ["metadata.labels[a.b/c]"], ["metadata.labels[a.b/c]"]),
        ({"spec": {"ports": [1, 2, 3]}}, ["spec.ports[2]"], ["spec.ports"]),
        ({"spec": {"names": [{"name": "y"}]}}, ["spec.names[0].name"], ["spec.names[0].name"]),
        ({"spec": {"names": None}}, ["spec.names"], ["spec.names"]),
        ({"spec": {"empty": None}}, ["spec.empty"], []),
        ({"spec": {"more": 1}}, ["spec.more"], []),
    ],
)
def test_fields_that_differ_are_named_by_their_paths(
    patch: Mapping[str, Any], paths: list[str], missing: list[str]
) -> None:
    other = merged(A, patch)
    assert [one.path for one in differing(A, other)] == paths
    assert [one.path for one in wanted(A, other)] == missing
