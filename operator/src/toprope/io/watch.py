"""Keeps one collection of the store true: list, then watch; and list again every ten minutes beside the watch.

list ──► watch ──stream ended──► watch from the last version heard
 ▲         │
 └─────────┴── 410, any other error (after a while)
"""

import asyncio
import logging
import random
from collections.abc import Iterable
from typing import Any

import orjson

from toprope.core.errors import TopropeError, Transient
from toprope.core.names import FIELD_MANAGER, MANAGED_BY
from toprope.core.objects import ApiResource, Manifest, Ref
from toprope.io.api import Api, Request
from toprope.io.store import Store
from toprope.io.translation import Gone, error_of

LIST_AGAIN = 600.0
WATCH_FOR = 2700.0
"""Seconds. Long, so that quiet costs next to nothing: a dead connection is noticed by TCP itself (io.api)."""
SHORTEST_WATCH = 1.0
"""Seconds. A server that ends watches faster is given a pause, as after an error."""
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

    async def run(self, every: float = LIST_AGAIN) -> None:
        """Runs until it is cancelled; each failure is logged and made good by the next list, `every` so often."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._watch_on())
            both.create_task(self.list_again(every))

    async def _watch_on(self) -> None:
        while True:
            try:
                await self._list_and_watch()
            except Gone:
                await asyncio.sleep(0.2)
            except TopropeError as error:
                self._failures += 1
                log.warning("watch of %s broke: %s", self._ref, error)
                await asyncio.sleep(self._pause())

    async def list_again(self, every: float = LIST_AGAIN) -> None:
        """Makes good what a watch may have lost, here or, where somebody else feeds the store, elsewhere."""
        while True:
            # Not all collections at the same second.
            await asyncio.sleep(every * random.uniform(0.8, 1.2))  # noqa: S311
            try:
                await self._list()
            except TopropeError as error:
                log.warning("listing %s again failed: %s", self._ref, error)

    def _pause(self) -> float:
        longest: float = min(30.0, 0.5 * 2 ** min(self._failures, 6))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter

    async def _list_and_watch(self) -> None:
        version = await self._list()
        self.synced.set()
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                version = await self._watch(version)
            finally:
                # However it ended, a cut connection as well: it has worked.
                if loop.time() - began >= SHORTEST_WATCH:
                    self._failures = 0
            if loop.time() - began < SHORTEST_WATCH:
                raise Transient(f"The API server ended a watch of {self._ref} at once.")

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

    async def _watch(self, version: int) -> int:
        params = {
            "watch": "1",
            **self._selector,
            "resourceVersion": str(version),
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(WATCH_FOR * random.uniform(0.8, 1.0))),  # noqa: S311
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
