"""What lives of a resource now, as far as this person may read it. Secrets are left alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from toprope.cli.cluster import CommandCluster
from toprope.core.errors import Refused
from toprope.core.names import owner_labels
from toprope.core.objects import ENDPOINT_SLICE, POD, SECRET, ApiResource, Manifest, Ref
from toprope.io.translation import Missing
from toprope.kind import Kind

_NOT_ASKED = (POD, ENDPOINT_SLICE, SECRET)
"""On paper pods are ready; whoever may plan need not see passwords."""


@dataclass(frozen=True, slots=True)
class Lived:
    """One look."""

    live: Manifest
    """The resource."""
    children: Sequence[Manifest] = ()
    unread: Sequence[ApiResource] = ()
    """The collections that may not be read."""
    absent: frozenset[ApiResource] = frozenset()
    """The APIs that the cluster lacks."""


async def lived(cluster: CommandCluster, kind: Kind, ref: Ref) -> Lived | None:
    """None where there is no such resource. Refused where it may not be read."""
    live = await cluster.read(ref)
    if live is None:
        return None
    asked = [one.resource for one in kind.touches if one.resource not in _NOT_ASKED]
    found = await asyncio.gather(*(_listed(cluster, kind, one, ref) for one in asked))
    return Lived(
        live,
        [child for each in found if isinstance(each, list) for child in each],
        [
            resource
            for resource, each in zip(asked, found, strict=True)
            if isinstance(each, Refused) and not _lacks(each)
        ],
        frozenset(resource for resource, each in zip(asked, found, strict=True) if _lacks(each)),
    )


def _lacks(answer: object) -> bool:
    return isinstance(answer, Missing)


async def _listed(cluster: CommandCluster, kind: Kind, resource: ApiResource, ref: Ref) -> list[Manifest] | Refused:
    labels = owner_labels(kind.resource.kind, ref.name)
    selector = {"labelSelector": ",".join(f"{label}={value}" for label, value in labels.items())}
    try:
        items = await cluster.list(resource, ref.namespace, selector)
    except Refused as refusal:
        return refusal
    return [{"apiVersion": resource.api_version, "kind": resource.kind, **item} for item in items]
