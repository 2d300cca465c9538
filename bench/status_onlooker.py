"""Looks from outside at both ends of the way of an SLO's numbers: when Prometheus has them, when a status does."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from toprope.core.errors import TopropeError
from toprope.core.objects import Ref
from toprope.io.api import Api, Request
from toprope.io.prometheus import Prometheus
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.slo.rules import BURN

EVERY = 1.0
"""Seconds between two looks at Prometheus."""
NEWEST = f'timestamp({BURN}{{window="1h"}})'

Key = tuple[str, str]
"""Resource and SLO."""


@dataclass(slots=True)
class Onlooker:
    """What was seen, by resource and SLO. Times are seconds since 1970."""

    evaluations: dict[Key, dict[float, float]] = field(default_factory=lambda: defaultdict(dict))
    """Evaluation → the last look that did not find it yet."""
    statuses: dict[Key, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    """When a status came, and the burn rate of `pageQuick` in it."""

    async def look(self, api: Api, prometheus: Prometheus) -> None:
        """Looks for as long as it is not cancelled."""
        await asyncio.gather(self._look_at_prometheus(prometheus), self._look_at_statuses(api))

    async def _look_at_prometheus(self, prometheus: Prometheus) -> None:
        before = time.time()
        while True:
            began = time.time()
            for one in await prometheus.values(NEWEST, began):
                self.evaluations[one.labels["name"], one.labels["slo"]].setdefault(one.value, before)
            before = began
            await asyncio.sleep(max(0.0, began + EVERY - time.time()))

    async def _look_at_statuses(self, api: Api) -> None:
        resource = SHORTENER_APP.resource
        ref, path = Ref(resource, "*", "*"), resource.path()
        while True:
            with suppress(TopropeError):
                async with api.lines(Request("WATCH", ref, path, {"watch": "1"})) as lines:
                    async for line in lines:
                        self._note(orjson.loads(line)["object"], time.time())
            await asyncio.sleep(0.1)

    def _note(self, found: Mapping[str, Any], now: float) -> None:
        for slo in found.get("status", {}).get("slos", []):
            if burn := (slo.get("burnRate") or {}).get("pageQuick"):
                seen = self.statuses[found["metadata"]["name"], slo["name"]]
                if not seen or seen[-1][1] != burn:
                    seen.append((now, burn))
