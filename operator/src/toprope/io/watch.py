"""Keeps one collection of the store true: list, then watch, list again when the watch breaks or ten minutes are over.

list ──► watch ──stream ended──► watch from the last version heard
 ▲         │
 └─────────┴── 410, any other error (after a while), ten minutes over
"""

import asyncio
import logging
import random
from collections.abc import Iterable
from typing import Any

import orjson

from toprope.core.errors import TopropeError
from toprope.core.names import FIELD_MANAGER, MANAGED_BY
from toprope.core.objects import ApiResource, Manifest, Ref
from toprope.io.api import Api, Request
from toprope.io.store import Store
from toprope.io.translation import Gone, error_of

LIST_AGAIN = 600.0
WATCH_FOR = 60.0
"""Seconds; less than the client's patience with a silent watch."""
PAGE = "500"
OURS = f"{MANAGED_BY}={FIELD_MANAGER}"

log = logging.getLogger(__name__)


class Reflector:
    """Feeds one collection of the store, in one namespace or in all."""

    def __init__(self, api: Api, store: Store, resource: ApiResource, scope: str | None, labels: str = OURS) -> None:
        """`labels` is a label selector; empty takes all objects."""
        self.synced = asyncio.Event()
        """Set once the first list is in the store."""
        self._api = api
        self._store = store
        self._resource = resource
        self._scope = scope
        self._ref = Ref(resource, scope or "*", "*")
        self._path = resource.path(scope)
        self._selector = {"labelSelector": labels} if labels else {}
        self._failures = 0

    async def run(self) -> None:
        """Runs until it is cancelled; each failure is logged and made good by the next list."""
        while True:
            try:
                await self._list_and_watch()
                self._failures = 0
            except Gone:
                await asyncio.sleep(0.2)
            except TopropeError as error:
                self._failures += 1
                log.warning("watch of %s broke: %s", self._ref, error)
                await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        longest: float = min(30.0, 0.5 * 2 ** min(self._failures, 6))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter

    async def _list_and_watch(self) -> None:
        version = await self._list()
        self.synced.set()
        loop = asyncio.get_running_loop()
        # Not all collections at the same second.
        due = loop.time() + LIST_AGAIN * random.uniform(0.8, 1.2)  # noqa: S311
        while (left := due - loop.time()) > 1:
            version = await self._watch(version, left)
            self._failures = 0

    async def _list(self) -> int:
        manifests: list[Manifest] = []
        params = {**self._selector, "limit": PAGE}
        while True:
            page = await self._api.call(Request("GET", self._ref, self._path, params))
            manifests.extend(self._typed(page["items"]))
            if not (more := page["metadata"].get("continue")):
                break
            params = {**params, "continue": more}
        version = int(page["metadata"]["resourceVersion"])
        self._store.listed(self._resource, self._scope, manifests, version)
        return version

    def _typed(self, items: Iterable[dict[str, Any]]) -> Iterable[Manifest]:
        # Items of a list do not say what they are; managedFields are half of an object and nobody reads them.
        for item in items:
            item["metadata"].pop("managedFields", None)
            yield {"apiVersion": self._resource.api_version, "kind": self._resource.kind, **item}

    async def _watch(self, version: int, seconds: float) -> int:
        params = {
            "watch": "1",
            **self._selector,
            "resourceVersion": str(version),
            "allowWatchBookmarks": "true",
            # The server ends the watch itself: silence beyond that is a dead connection. Bookmarks would tell as
            # well, but a collection in which nothing ever happened gets none.
            "timeoutSeconds": str(int(min(seconds, WATCH_FOR * random.uniform(0.8, 1.0)))),  # noqa: S311
        }
        async with self._api.lines(Request("WATCH", self._ref, self._path, params)) as lines:
            async for line in lines:
                version = self._take(orjson.loads(line))
        return version

    def _take(self, event: dict[str, Any]) -> int:
        change, manifest = event["type"], event["object"]
        if change == "ERROR":
            raise error_of(manifest.get("code", 500), orjson.dumps(manifest), "WATCH", self._ref, None)
        self._store.heard(self._resource, self._scope, change, manifest)
        return int(manifest["metadata"]["resourceVersion"])
