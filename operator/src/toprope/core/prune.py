"""What is labelled as ours and no longer wanted goes."""

from collections.abc import Iterable, Sequence

from toprope.core.decision import Delete
from toprope.core.names import DATA
from toprope.core.objects import Manifest, Ref, is_being_deleted, labels_of, ref_of
from toprope.core.resource import Resource, owned_by


def pruned(resource: Resource, children: Iterable[Manifest], wanted: Iterable[Manifest]) -> Sequence[Delete]:
    """Deletes for the resource's own children that are not among `wanted`.

    Left alone: data, what belongs to another controller or to an earlier resource of the same name, what goes already.
    """
    kept: set[Ref] = {ref_of(manifest) for manifest in wanted}
    return [
        Delete(ref_of(child), child["metadata"]["uid"])
        for child in children
        if ref_of(child) not in kept and owned_by(resource, child) and not _left_alone(child)
    ]


def _left_alone(child: Manifest) -> bool:
    return DATA in labels_of(child) or is_being_deleted(child)
