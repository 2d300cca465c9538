"""The floor that the benches of the operator stand on: no pods, Jobs complete at once, the CRDs of today."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.bare import BARE
from dev.errors import ApiError
from dev.floor import Floor
from tests.support.operator_process import until
from toprope.core.objects import ApiResource
from toprope.kinds import KINDS
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.schema.crd import custom_resource_definition

NAMESPACE = "bench"


@contextmanager
def a_floor(directory: Path, *, own_process: bool = True) -> Iterator[Floor]:
    """Without pods; Jobs complete at once. Only in a process of its own does what answers them take no time from what
    is measured, and only in this one may their fates be told."""
    with Floor.start(directory / "floor", pods=False, own_process=own_process) as floor:
        crds = directory / "crds"
        crds.mkdir()
        for kind in KINDS:
            (crds / f"{kind.resource.plural}.yaml").write_text(json.dumps(custom_resource_definition(kind)))
        (crds / "bares.yaml").write_text(json.dumps(_bare_definition()))
        floor.install(crds)
        floor.install_gateway()
        floor.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        # A CRD is established a moment before it is served.
        until(lambda: all(_is_served(floor, one) for one in (BARE, SHORTENER_APP.resource)))
        yield floor


def _is_served(floor: Floor, resource: ApiResource) -> bool:
    try:
        return floor.api.find(resource.path()) is not None
    except ApiError:
        return False


def _bare_definition() -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": BARE.plural, "singular": "bare", "kind": BARE.kind, "listKind": "BareList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{BARE.plural}.{BARE.group}"},
        "spec": {"group": BARE.group, "names": names, "scope": "Namespaced", "versions": [version]},
    }
