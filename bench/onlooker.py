"""Watches child objects come, and notes when each one was first seen: the clock of the operator's latency."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

import orjson

from toprope.core.errors import TopropeError
from toprope.core.objects import ApiResource, Ref
from toprope.io.api import Api, Request


class Onlooker:
    """Sees objects of some collections by a label, and whose they are by another."""

    def __init__(self, api: Api, selector: str, owner_label: str) -> None:
        self.seen: defaultdict[str, dict[str, float]] = defaultdict(dict)
        """By owner: when each child was first seen, by the monotonic clock."""
        self._api = api
        self._selector = selector
        self._owner_label = owner_label
        self._tasks: list[asyncio.Task[None]] = []

    async def look(self, resources: Sequence[ApiResource]) -> None:
        """Starts; returns once every watch is open."""
        open_ = [asyncio.Event() for _ in resources]
        for resource, event in zip(resources, open_, strict=True):
            self._tasks.append(asyncio.create_task(self._watch(resource, event)))
        await asyncio.wait_for(asyncio.gather(*(event.wait() for event in open_)), 30)

    async def close(self) -> None:
        """Ends all watches."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self, resource: ApiResource, opened: asyncio.Event) -> None:
        ref, path = Ref(resource, "*", "*"), resource.path()
        version = ""
        while True:
            try:
                version = version or await self._version(ref, path)
                params = {"watch": "1", "labelSelector": self._selector, "resourceVersion": version}
                async with self._api.lines(Request("WATCH", ref, path, params)) as lines:
                    opened.set()
                    async for line in lines:
                        version = self._note(line)
            except TopropeError:
                await asyncio.sleep(0.1)

    async def _version(self, ref: Ref, path: str) -> str:
        page = await self._api.call(Request("GET", ref, path, {"labelSelector": self._selector, "limit": "1"}))
        return str(page["metadata"]["resourceVersion"])

    def _note(self, line: bytes) -> str:
        now = time.monotonic()
        event = orjson.loads(line)
        metadata = event["object"]["metadata"]
        if event["type"] == "ADDED" and (owner := (metadata.get("labels") or {}).get(self._owner_label)):
            self.seen[owner].setdefault(f"{event['object']['kind']}/{metadata['name']}", now)
        return str(metadata["resourceVersion"])
