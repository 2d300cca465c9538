"""What is left to do while a resource is being deleted: owner references take everything but the data."""

from datetime import datetime

from toprope.core.decision import Action, Decision, Delete, Tell
from toprope.core.names import DATA
from toprope.core.objects import CLAIM, CNPG_CLUSTER, SECRET, Manifest, labels_of, ref_of
from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.reasons import Reason
from toprope.serving.render.cloud_native_pg import ROLES
from toprope.serving.seen import Seen
from toprope.serving.timing import QUIET


def farewell(resource: Resource, seen: Seen, now: datetime) -> Decision:
    """Deletes the data where the spec says so, and says where the rest stays. A volume in use goes after its pod."""
    there = _data(resource, seen)
    goes = _doomed(resource, there)
    stays = [one for one in there if one not in goes]
    actions: list[Action] = [Delete(ref_of(one), one["metadata"]["uid"]) for one in goes]
    if goes:
        actions.append(Tell(Reason.DATA_DELETED, f"database.embedded.reclaim is Delete: {_named(goes)} go too."))
    if stays:
        actions.append(Tell(Reason.DATA_STAYS, _where(resource, stays)))
    return Decision({}, (), actions, QUIET)


def _doomed(resource: Resource, there: list[Manifest]) -> list[Manifest]:
    """The embedded database's own. A cluster of CloudNativePG that an earlier spec left is none of it, and needs the
    credentials."""
    embedded = resource.spec.database.embedded
    if not embedded or embedded.reclaim != "Delete":
        return []
    own = {CLAIM.kind} if any(one["kind"] == CNPG_CLUSTER.kind for one in there) else {CLAIM.kind, SECRET.kind}
    return [one for one in there if one["kind"] in own]


def _data(resource: Resource, seen: Seen) -> list[Manifest]:
    """Volume or cluster, and the Secrets that open them."""
    name = places.name(resource, places.DATABASE)
    secrets = [places.name(resource, places.CREDENTIALS), *(places.login_name(resource, role) for role in ROLES)]
    found = [seen.child(CLAIM, name), seen.child(CNPG_CLUSTER, name), *map(seen.secrets.get, secrets)]
    return [one for one in found if one and _is_ours(resource, one)]


def _is_ours(resource: Resource, one: Manifest) -> bool:
    """Secrets that the spec names may be another resource's credentials: a name alone proves nothing."""
    labels = labels_of(one)
    return DATA in labels and resource.labels.items() <= labels.items()


def _named(kept: list[Manifest]) -> str:
    return " and ".join(f"{one['kind']} {one['metadata']['name']}" for one in kept)


def _where(resource: Resource, kept: list[Manifest]) -> str:
    kinds = ",".join(dict.fromkeys(ref_of(one).resource.qualified for one in kept))
    return (
        f"{_named(kept)} stay in namespace {resource.namespace}. A new {resource.ref.resource.kind} named "
        f"{resource.name} there takes them up again. To delete them for good: kubectl -n {resource.namespace} delete "
        f"{kinds} -l toprope.dev/data,toprope.dev/name={resource.labels['toprope.dev/name']}"
    )
