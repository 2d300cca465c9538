"""What runs pods is rendered once: frozen at its birth in a ControllerRevision and applied again from there.

So a newer operator that would render it differently restarts nothing; the next release gets the new rendering.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from toprope.core.names import child_labels
from toprope.core.objects import CONTROLLER_REVISION, Manifest
from toprope.core.resource import Resource

RENDERED_BY = "toprope.dev/rendered-by"
"""Annotation: the operator's version at birth."""


def frozen(
    resource: Resource,
    name: str,
    component: str,
    manifests: Sequence[Manifest],
    revision: str | None = None,
    facts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A ControllerRevision that holds `manifests`, and `facts` (what was pinned at birth) beside them."""
    kind = resource.ref.resource.kind
    return {
        "apiVersion": CONTROLLER_REVISION.api_version,
        "kind": CONTROLLER_REVISION.kind,
        "metadata": {
            "name": name,
            "namespace": resource.namespace,
            "labels": child_labels(kind, resource.name, component, revision),
            "annotations": {RENDERED_BY: resource.installation.version},
            "ownerReferences": [resource.owner_reference],
        },
        "revision": 1,
        "data": {"manifests": list(manifests), "facts": dict(facts or {})},
    }


def thawed(revision: Manifest) -> list[Manifest]:
    """The manifests that a ControllerRevision holds."""
    return list(revision["data"]["manifests"])


def facts_of(revision: Manifest) -> Mapping[str, str]:
    """What was pinned at birth."""
    facts: Mapping[str, str] = revision["data"]["facts"]
    return facts
