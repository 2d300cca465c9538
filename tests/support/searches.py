"""Whole good SearchIndexes on a paper cluster."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.support.engine import INSTALLATION
from toprope.core.objects import Ref
from toprope.core.resource import Resource
from toprope.kinds.searchindex.kind import SEARCH_INDEX
from toprope.kinds.searchindex.spec import SearchIndexSpec
from toprope.kinds.searchindex.status import SearchIndexStatus

PAPERS: Mapping[str, Any] = {"source": {"configMap": {"name": "papers", "key": "papers.jsonl.zst"}}}


def a_search(spec: Mapping[str, Any] | None = None, name: str = "papers") -> Resource:
    """A resource that was created a moment ago."""
    return Resource(
        ref=Ref(SEARCH_INDEX.resource, "default", name),
        uid="paper",
        generation=1,
        resource_version="1",
        annotations={},
        deleting=False,
        spec=SearchIndexSpec.model_validate({**PAPERS, **(spec or {})}),
        status=SearchIndexStatus(),
        installation=INSTALLATION,
        workload=SEARCH_INDEX.workload,
    )


def changed_to(resource: Resource, spec: Mapping[str, Any]) -> Resource:
    """The same resource after somebody wrote another spec."""
    return replace(resource, spec=SearchIndexSpec.model_validate({**PAPERS, **spec}))
