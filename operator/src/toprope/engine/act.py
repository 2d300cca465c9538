"""Makes the world as decided: CreateOnce, Amend, Apply, Delete, in this order; unchanged things cost no write. Before
all of them comes what takes requests away from where they fail.

The first failure of a CreateOnce or an Amend ends the pass: what follows may stand on them. Data and credentials are
made one after the other, what the resource owns beside each other. Applies go on beside each other and every failure is
kept. While one is refused nothing is deleted but Jobs, so the old stays until the new is there. Nothing stands on a
Job, and a failed one that stayed would never be tried again.
"""

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from toprope.core.decision import Action, Amend, Apply, CreateOnce, Delete
from toprope.core.errors import (
    AlreadyExists,
    ChildNotOurs,
    ChildOrphaned,
    Conflict,
    DataNotOurs,
    Refused,
    TopropeError,
    Transient,
)
from toprope.core.names import DATA, FIELD_MANAGER, MANAGED_BY, OWNER_KIND, OWNER_NAME
from toprope.core.objects import JOB, Manifest, Ref, is_being_deleted, labels_of, ref_of
from toprope.core.rendered import digest, unchanged, with_hash
from toprope.core.resource import Resource, owned_by
from toprope.ports import Cluster

A = TypeVar("A")

NO_OBJECTS = "1"
"""A resourceVersion that no object has: etcd counts from 1, and 1 is its first, empty state."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Acted:
    """What became of a decision's actions."""

    failures: list[TopropeError] = field(default_factory=list)
    """What failed among Applies and Deletes."""
    written: dict[Ref, str] = field(default_factory=dict)
    """What was applied because it was not there or not so, with a digest of what it should be."""
    resisting: list[Ref] = field(default_factory=list)
    """What is not so even now: somebody added what an apply cannot take away."""


async def act(resource: Resource, actions: Sequence[Action], cluster: Cluster) -> Acted:
    """Does the actions. Raises when a CreateOnce or an Amend fails."""
    acted, applies = Acted(), _of(actions, Apply)
    await _apply_all(resource, [one for one in applies if one.first], cluster, acted)
    creates = _of(actions, CreateOnce)
    data = [one for one in creates if not _is_owned(one.manifest)]
    await _look(resource, data, cluster)
    for once in data:
        await _create_once(resource, once, cluster)
    if failures := await _all(_create_once(resource, one, cluster) for one in creates if _is_owned(one.manifest)):
        raise failures[0]
    for change in _of(actions, Amend):
        await _amend(change, cluster)
    await _apply_all(resource, [one for one in applies if not one.first], cluster, acted)
    if any(isinstance(failure, Transient) for failure in acted.failures):
        return acted
    deletes = [one for one in _of(actions, Delete) if not acted.failures or one.ref.resource == JOB]
    acted.failures.extend(await _all(cluster.delete(one.ref, one.uid) for one in deletes))
    return acted


def _of(actions: Iterable[Action], wanted: type[A]) -> list[A]:
    return [action for action in actions if isinstance(action, wanted)]


def _is_owned(manifest: Manifest) -> bool:
    return bool(manifest["metadata"].get("ownerReferences"))


async def _all(coroutines: Iterable[Coroutine[Any, Any, None]]) -> list[TopropeError]:
    results = await asyncio.gather(*coroutines, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, TopropeError):
            raise result
    return [result for result in results if isinstance(result, TopropeError)]


async def _amend(change: Amend, cluster: Cluster) -> None:
    metadata = {**(change.patch.get("metadata") or {}), "resourceVersion": change.resource_version}
    tested = {**change.patch, "metadata": metadata}
    try:
        await cluster.amend(change.ref, _with_fresh_text(tested, change.generate))
    except Refused as refusal:
        if not change.refusable:
            raise
        log.warning("a change of %s that may be refused was refused: %s", change.ref, refusal)


async def _look(resource: Resource, data: Sequence[CreateOnce], cluster: Cluster) -> None:
    """Nothing is made while anything of it is there already: new credentials would not open data that was restored."""
    found = await asyncio.gather(*(cluster.read(ref_of(one.manifest)) for one in data))
    for once, live in zip(data, found, strict=True):
        if live is not None:
            await _adopt(resource, once.manifest, live, cluster)
            raise _there_already(ref_of(once.manifest))


def _there_already(ref: Ref) -> Conflict:
    return Conflict(f"{ref} is there already; the pass starts anew with it.")


async def _create_once(resource: Resource, once: CreateOnce, cluster: Cluster) -> None:
    ref = ref_of(once.manifest)
    try:
        await cluster.create(_with_fresh_text(once.manifest, once.generate))
    except AlreadyExists as error:
        live = await cluster.read(ref)
        if live is not None:
            await _adopt(resource, once.manifest, live, cluster)
        raise _there_already(ref) from error


async def _adopt(resource: Resource, wanted: Manifest, live: Manifest, cluster: Cluster) -> None:
    """What has an owner must be this very resource's. Data is adopted by its labels kind and name. Both get the labels
    without which no pass finds them: somebody took them, or restored the data by hand."""
    ref, labels = ref_of(wanted), labels_of(live)
    if _is_owned(wanted):
        _refuse_unless_owned(resource, live, ref, cluster)
        missing = dict(labels_of(wanted).items() - labels.items())
    else:
        if not resource.labels.items() <= {MANAGED_BY: FIELD_MANAGER, **labels}.items():
            raise DataNotOurs(ref, _holder(live), resource.labels)
        if is_being_deleted(live):
            raise _going(ref)
        missing = {label: labels_of(wanted)[label] for label in (MANAGED_BY, DATA) if label not in labels}
    if missing:
        metadata = {"labels": missing, "resourceVersion": live["metadata"]["resourceVersion"]}
        await cluster.amend(ref, {"metadata": metadata})


def _with_fresh_text(manifest: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    given = manifest.get("stringData") or {}
    fresh = {key: given.get(key, "") + secrets.token_urlsafe(32) for key in keys}
    return {**manifest, **({"stringData": {**given, **fresh}} if fresh else {})}


async def _apply_all(resource: Resource, applies: Iterable[Apply], cluster: Cluster, acted: Acted) -> None:
    acted.failures.extend(await _all(_apply(resource, one.manifest, cluster, acted) for one in applies))


async def _apply(resource: Resource, manifest: Manifest, cluster: Cluster, acted: Acted) -> None:
    ref = ref_of(manifest)
    plain, guard = _parted(manifest)
    live = cluster.child(ref) or await _newborn(plain, ref, cluster)
    if live is None:
        acted.written[ref] = digest(plain)
        return
    if not _is_owned_and_stays(resource, live):
        # The store may be behind, and it knows no managers: the refusal is made from a fresh look.
        live = await cluster.read(ref)
        if live is None:
            raise Conflict(f"{ref} has just gone.")
        _refuse_unless_owned(resource, live, ref, cluster)
    if not unchanged(plain, live):
        if guard:
            await _refuse_unless_newest(resource, cluster)
        now = await cluster.apply(_guarded(with_hash(plain), {**guard, "uid": live["metadata"]["uid"]}))
        acted.written[ref] = digest(plain)
        if not unchanged(plain, now):
            acted.resisting.append(ref)


async def _refuse_unless_newest(resource: Resource, cluster: Cluster) -> None:
    """What holds only for a child as it was seen holds only for the resource as it was seen: an operator that comes
    back late may have heard of the child, and not yet of the word that moved it."""
    newest = await cluster.read(resource.ref)
    if newest is None or newest["metadata"]["resourceVersion"] != resource.resource_version:
        raise Conflict(f"{resource.ref} has changed; the pass starts anew with it.")


async def _newborn(plain: Manifest, ref: Ref, cluster: Cluster) -> Manifest | None:
    """Makes the object if there is none of its name; else returns the one that is there, unchanged.

    An apply that names a resourceVersion makes an object that is not there, and is a Conflict with any that is: the
    look and the first apply are one request, and nobody comes between them.
    """
    try:
        await cluster.apply(_guarded(with_hash(plain), {"resourceVersion": NO_OBJECTS}))
    except Conflict:
        live = await cluster.read(ref)
        if live is None:
            raise
        return live
    return None


def _parted(manifest: Manifest) -> tuple[Manifest, dict[str, Any]]:
    """The object, and the resourceVersion that its write is tested against, which is no part of it."""
    metadata = dict(manifest["metadata"])
    version = metadata.pop("resourceVersion", None)
    return {**manifest, "metadata": metadata}, {"resourceVersion": version} if version else {}


def _guarded(manifest: Manifest, guard: Mapping[str, Any]) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], **guard}}


def _is_owned_and_stays(resource: Resource, live: Manifest) -> bool:
    return owned_by(resource, live) and not is_being_deleted(live)


def _refuse_unless_owned(resource: Resource, live: Manifest, ref: Ref, cluster: Cluster) -> None:
    if _is_owned_and_stays(resource, live):
        return
    earlier = _controller(live)
    own = resource.ref.resource.kind, resource.name
    if owned_by(resource, live) or (earlier and (earlier["kind"], earlier["name"]) == own):
        raise _going(ref)
    if earlier is None and resource.labels.items() <= labels_of(live).items():
        raise _orphan(resource, ref, cluster)
    raise ChildNotOurs(ref, _holder(live))


def _orphan(resource: Resource, ref: Ref, cluster: Cluster) -> ChildOrphaned:
    left = {ref.resource}
    for child in cluster.children(resource.namespace, resource.labels):
        if _controller(child) is None and DATA not in labels_of(child):
            left.add(ref_of(child).resource)
    named = sorted(one.qualified for one in left)
    selector = ",".join(f"{label}={value}" for label, value in resource.labels.items())
    return ChildOrphaned(ref, named, f"{selector},!{DATA}")


def _going(ref: Ref) -> Transient:
    return Transient(f"{ref} of an earlier time is still being removed; it is made anew when it is gone.")


def _controller(live: Manifest) -> Mapping[str, Any] | None:
    owners = live["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def _holder(live: Manifest) -> str:
    controller = _controller(live)
    owner = f"{controller['kind']} {controller['name']}" if controller else _labelled(live)
    managers = sorted({entry["manager"] for entry in live["metadata"].get("managedFields") or () if "manager" in entry})
    return f"{owner} (last written by {', '.join(managers)})" if managers else owner


def _labelled(live: Manifest) -> str:
    labels = labels_of(live)
    if OWNER_KIND in labels and OWNER_NAME in labels:
        return f"{labels[OWNER_KIND]} {labels[OWNER_NAME]}"
    return "no controller"
