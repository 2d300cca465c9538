"""The Cluster port over HTTP: server-side apply and its neighbours.

What it reads and writes, the store hears at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from toprope.core.errors import AlreadyExists, Conflict
from toprope.core.names import FIELD_MANAGER, OWNER_KIND, OWNER_NAME
from toprope.core.objects import EVENT, ApiResource, Manifest, Ref, ref_of
from toprope.io.api import APPLY, JSON_PATCH, MERGE, Api, Request
from toprope.io.store import Store
from toprope.io.translation import Missing

_MANAGED = {"fieldManager": FIELD_MANAGER}


class ApiCluster:
    """Reads children from the store, everything else from the API server."""

    def __init__(self, api: Api, store: Store) -> None:
        self._api = api
        self._store = store

    def children(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        """All watched objects of a namespace that carry `labels` (at least the owner's kind and name)."""
        return self._store.owned((namespace, labels[OWNER_KIND], labels[OWNER_NAME]), labels)

    def child(self, ref: Ref) -> Manifest | None:
        """One watched object that carries our labels."""
        return self._store.get(ref)

    async def find(self, resource: ApiResource, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        """Objects of a namespace that carry `labels`, as the API server has them now. Empty when it lacks that API."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        ref = Ref(resource, namespace, "*")
        try:
            found = await self._api.call(Request("GET", ref, resource.path(namespace), {"labelSelector": selector}))
        except Missing:
            return []
        return [{"apiVersion": resource.api_version, "kind": resource.kind, **item} for item in found["items"]]

    async def read(self, ref: Ref) -> Manifest | None:
        """The object as the API server has it now, managedFields and all; None when there is none."""
        try:
            live: Manifest = await self._api.call(Request("GET", ref, ref.path))
        except Missing:
            return None
        self._store.put(ref.resource, live)
        return live

    async def apply(self, manifest: Manifest) -> Manifest:
        """Server-side apply with force."""
        ref = ref_of(manifest)
        params = _MANAGED | {"force": "true"}
        return await self._write(Request("PATCH", ref, ref.path, params, manifest, APPLY))

    async def create(self, manifest: Manifest) -> Manifest:
        """POST."""
        ref = ref_of(manifest)
        return await self._write(Request("POST", ref, ref.resource.path(ref.namespace), _MANAGED, manifest))

    async def amend(self, ref: Ref, patch: Mapping[str, Any]) -> Manifest:
        """Merge patch; an object that is gone is a Conflict too."""
        try:
            return await self._write(Request("PATCH", ref, ref.path, _MANAGED, patch, MERGE))
        except Missing as error:
            raise Conflict(str(error)) from error

    async def delete(self, ref: Ref, uid: str) -> None:
        """DELETE of that UID. Another object of the name is left alone: the one asked for is gone already. A Conflict
        while the very object is still there is one.
        """
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._api.call(Request("DELETE", ref, ref.path, body=body))
        except Missing:
            return
        except Conflict:
            live = await self.read(ref)
            if live is not None and live["metadata"]["uid"] == uid:
                raise

    async def write_status(self, ref: Ref, status: Mapping[str, Any], resource_version: str) -> Manifest:
        """Replace the whole status of the object at that version, whoever wrote what is there."""
        patch = [
            {"op": "add", "path": "/metadata/resourceVersion", "value": resource_version},
            {"op": "add", "path": "/status", "value": status},
        ]
        try:
            return await self._write(Request("PATCH", ref, f"{ref.path}/status", _MANAGED, patch, JSON_PATCH))
        except Missing as error:
            # No watch may ever tell of its end: one that was behind lists anew, and does not miss what it never had.
            self._store.gone(ref, int(resource_version))
            raise Conflict(str(error)) from error

    async def post_event(self, event: Manifest) -> None:
        """POST, once."""
        ref = Ref(EVENT, event["metadata"]["namespace"], event["metadata"]["name"])
        try:
            await self._api.call(Request("POST", ref, EVENT.path(ref.namespace), body=event))
        except AlreadyExists:
            return

    async def _write(self, request: Request) -> Manifest:
        live: Manifest | None = None
        self._store.expect(request.ref)
        try:
            live = await self._api.call(request)
            return live
        finally:
            self._store.replied(request.ref, live)
