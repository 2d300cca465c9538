"""From an object of the API server to the Resource that a pass reads, or the sentence that says why not."""

from dataclasses import replace

from pydantic import ValidationError

from toprope.core.errors import TopropeError
from toprope.core.names import FINALIZER
from toprope.core.objects import Manifest, Ref, annotations_of, is_being_deleted
from toprope.core.resource import Installation, Resource
from toprope.kind import Kind


class Unreadable(TopropeError):
    """The object does not fit the model: it was written under another version of the CRD."""

    reason = "InvalidSpec"


def is_held(manifest: Manifest) -> bool:
    """Whether our finalizer is on the object: nothing is made before, or a quick deletion would miss its farewell."""
    return FINALIZER in (manifest["metadata"].get("finalizers") or ())


def resource_of(kind: Kind, manifest: Manifest, installation: Installation) -> Resource:
    """The object read by the kind's models. Unreadable names the path."""
    try:
        spec = kind.spec.model_validate(manifest.get("spec") or {})
    except ValidationError as error:
        raise Unreadable(_sentence("spec", error)) from error
    try:
        status = kind.status.model_validate(manifest.get("status") or {})
    except ValidationError as error:
        raise Unreadable(_sentence("status", error)) from error
    return replace(unread(kind, manifest, installation), spec=spec, status=status)


def unread(kind: Kind, manifest: Manifest, installation: Installation) -> Resource:
    """Enough of a resource to speak of it, also where its spec cannot be read."""
    metadata = manifest["metadata"]
    return Resource(
        ref=Ref(kind.resource, metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        generation=metadata["generation"],
        resource_version=metadata["resourceVersion"],
        annotations=annotations_of(manifest),
        deleting=is_being_deleted(manifest),
        spec=None,
        status=None,
        installation=installation,
        workload=kind.workload,
    )


def _sentence(root: str, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join((root, *(str(part) for part in first["loc"])))
    return f"{path}: {first['msg']}. The CRD in the cluster and this operator are of different versions; update both."
