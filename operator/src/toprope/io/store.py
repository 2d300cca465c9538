"""What the watches have told: each object as compact JSON bytes without managedFields, newest resourceVersion wins.

A reply to our own write goes in at once, so the next pass sees it; its echo in the watch is no news and rings nobody,
also when it comes before the reply. Parsed objects are not kept: a thousand resources with fifteen children each must
fit beside the program.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from toprope.core.names import FIELD_MANAGER, MANAGED_BY, OWNER_KIND, OWNER_NAME, label_value
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


@dataclass(frozen=True, slots=True)
class _Early:
    """What the watch told of an object whilst we wrote it."""

    version: int
    owner: Owner


class Store:
    """The objects of some collections, as far as we have heard."""

    def __init__(self, rung: Rung, children: Iterable[ApiResource], own: Iterable[ApiResource] = ()) -> None:
        """`children` are kept as far as they carry our labels; `own` are our custom resources, kept whole."""
        self._rung = rung
        self._own = frozenset(own)
        self._entries: dict[ApiResource, dict[tuple[str, str], _Entry]] = {one: {} for one in (*children, *self._own)}
        self._owned: defaultdict[Owner, set[Ref]] = defaultdict(set)
        self._heard: dict[tuple[ApiResource, str | None], int] = {}
        self._writing: dict[Ref, _Early | None] = {}
        # A pass asks twice for each child, and the next pass of a busy resource asks again.
        self._parsed = lru_cache(maxsize=512)(_parsed)

    def __len__(self) -> int:
        return sum(len(entries) for entries in self._entries.values())

    def get(self, ref: Ref) -> Manifest | None:
        """The object as last heard of; None when there is none, or its collection is not kept."""
        entry = self._entries.get(ref.resource, {}).get((ref.namespace, ref.name))
        return self._parsed(entry.body) if entry else None

    def owned(self, owner: Owner, labels: Mapping[str, str]) -> Sequence[Manifest]:
        """All objects of an owner that carry `labels` too."""
        found = (self.get(ref) for ref in tuple(self._owned.get(owner, ())))
        return [one for one in found if one is not None and labels.items() <= labels_of(one).items()]

    def expect(self, ref: Ref) -> None:
        """We begin to write the object: its watch may tell of it before the reply comes."""
        self._writing[ref] = None

    def replied(self, ref: Ref, live: Manifest | None) -> None:
        """The write is over, with the object as reply; None when it failed."""
        early = self._writing.pop(ref, None)
        if live is not None:
            self.put(ref.resource, live)
        if early and (live is None or early.version > _version(live)):
            self._rung(early.owner, ref.resource.kind)

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
        version = _version(manifest)
        self._heard[resource, scope] = max(self._heard.get((resource, scope), 0), version)
        if change == "BOOKMARK":
            return
        if change == "DELETED":
            self._drop(_ref(resource, manifest), version)
        else:
            self._take(resource, manifest)

    def gone(self, ref: Ref, version: int) -> None:
        """A write to the object as of `version` found that there is none."""
        self._drop(ref, version)

    def listed(self, resource: ApiResource, scope: str | None, manifests: Iterable[Manifest], version: int) -> None:
        """A whole list, as of `version`: what it lacks is gone, unless we wrote it later.

        What is in it but not here, while a watch has heard of later times, was deleted meanwhile.
        """
        known = set()
        ahead = self._heard_of(resource, scope) > version
        for manifest in manifests:
            identity = _identity(manifest)[:2]
            known.add(identity)
            if not (ahead and identity not in self._entries[resource]):
                self._take(resource, manifest)
        for namespace, name in list(self._entries[resource].keys() - known):
            if scope in (None, namespace):
                self._drop(Ref(resource, namespace, name), version)
        self._heard[resource, scope] = max(self._heard.get((resource, scope), 0), version)

    def _heard_of(self, resource: ApiResource, namespace: str | None) -> int:
        return max(self._heard.get((resource, None), 0), self._heard.get((resource, namespace), 0))

    def _take(self, resource: ApiResource, manifest: Manifest) -> None:
        if entry := self._keep(resource, manifest):
            self._ring(_ref(resource, manifest), entry.owner, entry.version)

    def _keep(self, resource: ApiResource, manifest: Manifest) -> _Entry | None:
        namespace, name, version = _identity(manifest)
        before = self._entries[resource].get((namespace, name))
        if before and before.version >= version:
            return None
        ref = Ref(resource, namespace, name)
        # Copied: the bytes that orjson gives hold the whole buffer they were written in, up to five times as long.
        body = bytes(memoryview(orjson.dumps(_slim(manifest))))
        entry = _Entry(version, self._owner_of(resource, manifest), body)
        if before and before.owner != entry.owner:
            self._drop(ref, version)  # its labels changed: the owner that was is told
        self._entries[resource][namespace, name] = entry
        if entry.owner and resource not in self._own:
            self._owned[entry.owner].add(ref)
        return entry

    def _owner_of(self, resource: ApiResource, manifest: Manifest) -> Owner | None:
        metadata = manifest["metadata"]
        if resource in self._own:
            return metadata["namespace"], resource.kind, label_value(metadata["name"])
        labels = labels_of(manifest)
        if OWNER_KIND not in labels or OWNER_NAME not in labels:
            return None
        return metadata["namespace"], labels[OWNER_KIND], labels[OWNER_NAME]

    def _drop(self, ref: Ref, version: int) -> None:
        entry = self._entries[ref.resource].get((ref.namespace, ref.name))
        if entry is None or entry.version > version:
            return
        del self._entries[ref.resource][ref.namespace, ref.name]
        if entry.owner and (refs := self._owned.get(entry.owner)):
            refs.discard(ref)
            if not refs:
                del self._owned[entry.owner]
        self._ring(ref, entry.owner, version)

    def _ring(self, ref: Ref, owner: Owner | None, version: int) -> None:
        if owner is None:
            return
        if ref in self._writing:
            self._writing[ref] = _Early(version, owner)
        else:
            self._rung(owner, ref.resource.kind)


def _parsed(body: bytes) -> Manifest:
    parsed: Manifest = orjson.loads(body)
    return parsed


def _is_ours(manifest: Manifest) -> bool:
    return labels_of(manifest).get(MANAGED_BY) == FIELD_MANAGER


def _identity(manifest: Manifest) -> tuple[str, str, int]:
    metadata = manifest["metadata"]
    return metadata["namespace"], metadata["name"], int(metadata["resourceVersion"])


def _version(manifest: Manifest) -> int:
    return int(manifest["metadata"]["resourceVersion"])


def _ref(resource: ApiResource, manifest: Manifest) -> Ref:
    return Ref(resource, manifest["metadata"]["namespace"], manifest["metadata"]["name"])


def _slim(manifest: Manifest) -> dict[str, Any]:
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    return {**manifest, "metadata": metadata}
