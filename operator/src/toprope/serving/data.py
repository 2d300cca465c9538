"""Data and credentials: made once, adopted when they are there, never changed except to grow.

    credentials  there      there     missing           missing
    claim        there      missing   missing           there
                 go on      make it   make both         CredentialsLost: nothing is touched

A cluster of CloudNativePG is a claim in this sense, and its log-ins belong to the credentials. So is a database of the
user's once it was migrated: it knows the API key, and a new one would open nothing.
The credentials are made first: killed in between, the next pass finds credentials without a claim and goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from toprope.core.conditions import Condition, moment, timestamp
from toprope.core.decision import Amend, CreateOnce
from toprope.core.names import DATA, OWNER_NAME
from toprope.core.objects import CLAIM, CNPG_CLUSTER, Manifest, is_being_deleted, labels_of, ref_of
from toprope.core.quantity import amount, canonical
from toprope.core.resource import Resource
from toprope.serving import places
from toprope.serving.parts import CloudNativePGDatabase, EmbeddedDatabase, cache_of
from toprope.serving.reasons import Fact, Reason
from toprope.serving.render.claim import claim
from toprope.serving.render.cloud_native_pg import ROLES, cloud_native_pg, sizes
from toprope.serving.render.credentials import credentials, login
from toprope.serving.render.secrets import generated, rotated_keys
from toprope.serving.seen import Seen
from toprope.serving.status import GrowthStatus
from toprope.serving.workload import entries

DATA_PRESENT = "DataPresent"
STORAGE_GROWN = "StorageGrown"
RECONCILED = "Reconciled"
ASK_AGAIN = timedelta(minutes=10)
"""How long a refusal to grow is taken for an answer."""
_DUMP = "/opt/postgres/*/*/bin/pg_dump -h /tmp -U postgres -Fc app"
"""In the pod of the embedded database: the superuser comes in through the socket alone."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a volume that has to grow needs."""

    status: GrowthStatus | None = None
    fact: Fact | None = None
    actions: Sequence[Amend] = ()


def lost(resource: Resource, seen: Seen) -> Fact | None:
    """Why nothing may be touched: the data's credentials are gone, or the data itself is just going."""
    name = places.name(resource, places.DATABASE)
    volume = seen.child(CLAIM, name)
    if volume is not None and is_being_deleted(volume):
        return Fact(Reason.CLAIM_LEAVING, _leaving(resource, volume))
    cluster = seen.child(CNPG_CLUSTER, name) if resource.spec.database.cloud_native_pg else None
    for live, secret, keys in _needed(resource, volume, cluster):
        if missing := _lacking(seen, secret, keys):
            return _credentials_lost(resource, live, secret, missing)
    return _key_lost(resource, seen)


def _leaving(resource: Resource, volume: Manifest) -> str:
    name, bound = volume["metadata"]["name"], volume["spec"].get("volumeName")
    keep = f'kubectl patch pv {bound} -p \'{{"spec":{{"persistentVolumeReclaimPolicy":"Retain"}}}}\''
    dump = f"kubectl -n {resource.namespace} exec {name}-0 -- sh -c '{_DUMP}' > {resource.name}.dump"
    ways = f"keep its volume ({keep}) or dump it ({dump})" if bound else f"dump it ({dump})"
    return (
        f"Claim {name} is being deleted: at the next end of pod {name}-0 all data is lost, and an empty claim takes "
        f"its place. To save the data, {ways}. Meanwhile nothing is changed or repaired."
    )


def _lacking(seen: Seen, secret: str, keys: Sequence[str]) -> list[str]:
    return [key for key in keys if key not in (seen.secrets.get(secret, {}).get("data") or {})]


def _needed(
    resource: Resource, volume: Manifest | None, cluster: Manifest | None
) -> Iterator[tuple[Manifest, str, tuple[str, ...]]]:
    """The data that is there, and the Secrets without which it is closed, with their keys. What the spec asked for in
    an earlier life may be there beside what it asks for now. A log-in made anew would change a password."""
    for live in (volume, cluster):
        if live is not None:
            yield live, places.name(resource, places.CREDENTIALS), generated(resource)
    if cluster is not None:
        for role in ROLES:
            yield cluster, places.login_name(resource, role), ("password",)


def _key_lost(resource: Resource, seen: Seen) -> Fact | None:
    if not (resource.spec.database.external and any(one.succeeded_at for one in entries(resource))):
        return None
    secret = places.name(resource, places.CREDENTIALS)
    missing = _lacking(seen, secret, rotated_keys(resource, own_cache=bool(cache_of(resource.spec).embedded)))
    if not missing:
        return None
    where, kind = resource.namespace, resource.ref.resource.kind
    return Fact(
        Reason.CREDENTIALS_LOST,
        f"Secret {secret} lacks {', '.join(missing)}, and your database knows the lost API key; nothing is changed or "
        f"repaired. Restore the Secret from a backup with its labels, or, for a new key, delete both and apply the "
        f"{kind} again (kubectl -n {where} delete secret/{secret} {kind.lower()}/{resource.name} "
        f"--ignore-not-found): the data in your database stays.",
    )


def _credentials_lost(resource: Resource, live: Manifest, secret: str, missing: Sequence[str]) -> Fact:
    where, data = resource.namespace, live["metadata"]["name"]
    holder = ref_of(live).resource
    return Fact(
        Reason.CREDENTIALS_LOST,
        f"Database {data} has data, but its Secret {secret} lacks {', '.join(missing)}; nothing is changed or "
        f"repaired. Restore the Secret from a backup with its labels, or, to start empty, delete the data: "
        f"kubectl -n {where} delete {holder.plural},secrets -l {DATA},{OWNER_NAME}={resource.labels[OWNER_NAME]}",
    )


def held(resource: Resource, seen: Seen) -> Manifest | None:
    """The claim or cluster that the database is in; None while there is none, and for a database of the user's."""
    database = resource.spec.database
    if database.external:
        return None
    return seen.child(CNPG_CLUSTER if database.cloud_native_pg else CLAIM, places.name(resource, places.DATABASE))


def births(resource: Resource, seen: Seen) -> list[CreateOnce]:
    """What is to be made once and is not there yet, credentials first."""
    database = resource.spec.database
    wanted: list[tuple[Manifest, tuple[str, ...]]] = [(credentials(resource), generated(resource))]
    if database.cloud_native_pg:
        wanted += [(login(resource, role), ("password",)) for role in ROLES]
        wanted += [(cloud_native_pg(resource, database.cloud_native_pg), ())]
    if database.embedded:
        wanted += [(claim(resource, database.embedded), ())]
    return [CreateOnce(one, keys) for one, keys in wanted if not _is_there(resource, seen, one)]


def _is_there(resource: Resource, seen: Seen, wanted: Manifest) -> bool:
    """A Secret of the right name without our labels is not: its creation is refused, and says whose it is."""
    ref = ref_of(wanted)
    if wanted["kind"] != "Secret":
        return seen.child(ref.resource, ref.name) is not None
    live = seen.secrets.get(ref.name)
    return live is not None and resource.labels.items() <= labels_of(live).items() and DATA in labels_of(live)


def presence(resource: Resource, seen: Seen) -> Condition:
    """Whether the data is where it belongs."""
    database = resource.spec.database
    if database.external:
        told = f"Secret {database.external.secret_ref.name} says where."
        return Fact(Reason.DATA_ELSEWHERE, f"The data is in a database of yours; {told}").true(DATA_PRESENT)
    name = places.name(resource, places.DATABASE)
    collection = CNPG_CLUSTER if database.cloud_native_pg else CLAIM
    if held(resource, seen) is None:
        return Fact(Reason.DATA_COMING, f"{collection.kind} {name} is being made.").false(DATA_PRESENT)
    secret = places.name(resource, places.CREDENTIALS)
    told = f"{collection.kind} {name} holds the data, Secret {secret} the way to it."
    if collection is CNPG_CLUSTER and seen.child(CLAIM, name):
        told += f" PersistentVolumeClaim {name} of an earlier embedded database is kept beside it, and not read."
    return Fact(Reason.DATA_KEPT, told).true(DATA_PRESENT)


def growth(resource: Resource, seen: Seen, now: datetime) -> Growth:
    """Grows the volume where the spec says more than there is, and says how that goes."""
    database = resource.spec.database
    name = places.name(resource, places.DATABASE)
    if database.cloud_native_pg and (cluster := seen.child(CNPG_CLUSTER, name)):
        return _cluster_growth(database.cloud_native_pg, cluster)
    if database.embedded and (volume := seen.child(CLAIM, name)):
        return _claim_growth(resource.status.growth, database.embedded, volume, now)
    return Growth()


def _cluster_growth(part: CloudNativePGDatabase, cluster: Manifest) -> Growth:
    wanted, live = sizes(part), cluster["spec"]
    more = amount(part.storage) > amount(live["storage"]["size"])
    if not more and live["instances"] == wanted["instances"]:
        return Growth()
    size = canonical(part.storage) if more else live["storage"]["size"]
    return Growth(actions=[amended(cluster, {"spec": {**wanted, "storage": {"size": size}}})])


def _claim_growth(before: GrowthStatus | None, part: EmbeddedDatabase, volume: Manifest, now: datetime) -> Growth:
    name, wanted = volume["metadata"]["name"], canonical(part.storage)
    if amount(volume["spec"]["resources"]["requests"]["storage"]) < amount(wanted):
        return _asked(before, wanted, volume, now)
    held = ((volume.get("status") or {}).get("capacity") or {}).get("storage")
    if held is None or amount(held) >= amount(wanted):
        return Growth()
    said = [one["message"] for one in volume["status"].get("conditions") or () if one.get("message")]
    more = f" The volume says: {said[-1]}" if said else ""
    return Growth(fact=Fact(Reason.STORAGE_GROWING, f"Claim {name} grows from {held} to {wanted}.{more}"))


def _asked(before: GrowthStatus | None, wanted: str, volume: Manifest, now: datetime) -> Growth:
    """Asked once; still the old size after that means that the API server refused it."""
    name, held = volume["metadata"]["name"], volume["spec"]["resources"]["requests"]["storage"]
    refused = Fact(
        Reason.STORAGE_REFUSED,
        f"Claim {name} stays at {held} and cannot grow to {wanted}: its StorageClass "
        f"{volume['spec'].get('storageClassName', '(none)')} does not allow it (kubectl get storageclass shows "
        f"allowVolumeExpansion). Allow it there, or move the data to a new resource. The service goes on.",
    )
    growing = Fact(Reason.STORAGE_GROWING, f"Claim {name} is asked to grow from {held} to {wanted}.")
    if before and before.asked == wanted and before.asked_at and now - moment(before.asked_at) < ASK_AGAIN:
        return Growth(before, refused)
    fact = refused if before and before.asked == wanted else growing
    grown = {"spec": {"resources": {"requests": {"storage": wanted}}}}
    return Growth(GrowthStatus(asked=wanted, asked_at=timestamp(now)), fact, [amended(volume, grown, refusable=True)])


def amended(live: Manifest, patch: dict[str, Any], generate: tuple[str, ...] = (), *, refusable: bool = False) -> Amend:
    """The change, valid only for the object as it was seen."""
    version = live["metadata"]["resourceVersion"]
    return Amend(ref_of(live), patch, version, generate, refusable=refusable)
