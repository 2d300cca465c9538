"""What the watches have told: each object as compact JSON bytes without managedFields, newest resourceVersion wins.

A reply to our own write goes in at once, so the next pass sees it; its echo in the watch is then no news and rings
nobody. Parsed objects are not kept: a thousand resources with fifteen children each must fit beside the program.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from toprope.core.names import FIELD_MANAGER, MANAGED_BY, OWNER_KIND, OWNER_NAME
from toprope.core.objects import ApiResource, Manifest, Ref, labels_of

Owner = tuple[str, str, str]
"""Namespace, kind and name (as label values) of the resource that an object belongs to."""

Rung = Callable[[Owner, str], None]
"""Told of each change that was not our own write: whose child, and what kind of child."""


@dataclass(frozen=True, slots=True)
class _Entry:
    version: int
    owner: Owner | None
    body: bytes


class Store:
    """The objects of some collections, as far as we have heard."""

    def __init__(self, rung: Rung, children: Iterable[ApiResource], own: Iterable[ApiResource] = ()) -> None:
        """`children` are kept as far as they carry our labels; `own` are our custom resources, kept whole."""
        self._rung = rung
        self._own = frozenset(own)
        self._entries: dict[ApiResource, dict[tuple[str, str], _Entry]] = {one: {} for one in (*children, *self._own)}
        self._owned: defaultdict[Owner, set[Ref]] = defaultdict(set)
        self._heard: dict[tuple[ApiResource, str | None], int] = {}

    def __len__(self) -> int:
        return sum(len(entries) for entries in self._entries.values())

    def get(self, ref: Ref) -> Manifest | None:
        """The object as last heard of; None when there is none, or its collection is not kept."""
        entry = self._entries.get(ref.resource, {}).get((ref.namespace, ref.name))
        return orjson.loads(entry.body) if entry else None

    def owned(self, owner: Owner, labels: Mapping[str, str]) -> Sequence[Manifest]:
        """All objects of an owner that carry `labels` too."""
        found = (self.get(ref) for ref in self._owned.get(owner, ()))
        return [one for one in found if one is not None and labels.items() <= labels_of(one).items()]

    def put(self, resource: ApiResource, manifest: Manifest) -> None:
        """A reply to our own read or write."""
        # What does not carry our labels is in no watch of ours: it would grow stale here.
        if resource not in self._entries or not (resource in self._own or _is_ours(manifest)):
            return
        namespace, name, version = _identity(manifest)
        # Gone since: the watch is past this version and does not know the object.
        unknown = (namespace, name) not in self._entries[resource]
        if not (unknown and version <= self._heard_of(resource, namespace)):
            self._keep(resource, manifest)

    def heard(self, resource: ApiResource, scope: str | None, change: str, manifest: Manifest) -> None:
        """One event of a watch over namespace `scope` (None: all): ADDED, MODIFIED, DELETED or BOOKMARK."""
        self._heard[resource, scope] = max(self._heard.get((resource, scope), 0), _version(manifest))
        if change == "DELETED":
            self._drop(resource, manifest)
        elif change != "BOOKMARK" and (entry := self._keep(resource, manifest)):
            self._ring(entry.owner, resource)

    def listed(self, resource: ApiResource, scope: str | None, manifests: Iterable[Manifest], version: int) -> None:
        """A whole list, as of `version`: what it lacks is gone, unless we wrote it later."""
        known = set()
        for manifest in manifests:
            known.add(_identity(manifest)[:2])
            if entry := self._keep(resource, manifest):
                self._ring(entry.owner, resource)
        for (namespace, name), entry in list(self._entries[resource].items()):
            within = scope is None or scope == namespace
            if within and entry.version <= version and (namespace, name) not in known:
                self._remove(Ref(resource, namespace, name))
        self._heard[resource, scope] = max(self._heard.get((resource, scope), 0), version)

    def _heard_of(self, resource: ApiResource, namespace: str) -> int:
        return max(self._heard.get((resource, None), 0), self._heard.get((resource, namespace), 0))

    def _keep(self, resource: ApiResource, manifest: Manifest) -> _Entry | None:
        namespace, name, version = _identity(manifest)
        before = self._entries[resource].get((namespace, name))
        if before and before.version >= version:
            return None
        entry = _Entry(version, _owner(manifest), orjson.dumps(_slim(manifest)))
        ref = Ref(resource, namespace, name)
        if before and before.owner != entry.owner:
            self._remove(ref)  # its labels changed: the owner that was is told
        self._entries[resource][namespace, name] = entry
        if entry.owner:
            self._owned[entry.owner].add(ref)
        return entry

    def _drop(self, resource: ApiResource, manifest: Manifest) -> None:
        namespace, name, version = _identity(manifest)
        entry = self._entries[resource].get((namespace, name))
        if entry and entry.version <= version:
            self._remove(Ref(resource, namespace, name))

    def _remove(self, ref: Ref) -> None:
        entry = self._entries[ref.resource].pop((ref.namespace, ref.name))
        if entry.owner:
            refs = self._owned[entry.owner]
            refs.discard(ref)
            if not refs:
                del self._owned[entry.owner]
        self._ring(entry.owner, ref.resource)

    def _ring(self, owner: Owner | None, resource: ApiResource) -> None:
        if owner:
            self._rung(owner, resource.kind)


def _is_ours(manifest: Manifest) -> bool:
    return labels_of(manifest).get(MANAGED_BY) == FIELD_MANAGER


def _identity(manifest: Manifest) -> tuple[str, str, int]:
    metadata = manifest["metadata"]
    return metadata["namespace"], metadata["name"], int(metadata["resourceVersion"])


def _version(manifest: Manifest) -> int:
    return int(manifest["metadata"]["resourceVersion"])


def _owner(manifest: Manifest) -> Owner | None:
    labels = labels_of(manifest)
    if OWNER_KIND not in labels or OWNER_NAME not in labels:
        return None
    return manifest["metadata"]["namespace"], labels[OWNER_KIND], labels[OWNER_NAME]


def _slim(manifest: Manifest) -> dict[str, Any]:
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    return {**manifest, "metadata": metadata}
