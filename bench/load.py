"""Resources applied at a steady rate, and how long their children take."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.floor import NAMESPACE
from bench.report import percentile
from toprope.core.objects import ApiResource, Ref
from toprope.io.api import APPLY, Api, Request

WARM = [f"warm{number}" for number in range(5)]
"""The first resources of a process are not counted: Python compiles, Go's maps grow, connections are made."""


@dataclass(slots=True)
class Load:
    """Applies resources at a steady rate and notes when."""

    api: Api
    resource: ApiResource
    rate: float
    sent: dict[str, float] = field(default_factory=dict)

    async def apply(self, names: Sequence[str], spec: dict[str, Any]) -> None:
        """Open loop: a slow answer delays none of the next ones."""
        began = time.monotonic()
        tasks = []
        for number, name in enumerate(names):
            await asyncio.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            tasks.append(asyncio.create_task(self._apply(name, spec)))
        await asyncio.gather(*tasks)

    async def _apply(self, name: str, spec: dict[str, Any]) -> None:
        ref = Ref(self.resource, NAMESPACE, name)
        body = {
            "apiVersion": self.resource.api_version,
            "kind": self.resource.kind,
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": json.loads(json.dumps(spec).replace("NAME", name)),
        }
        params = {"fieldManager": "bench", "force": "true"}
        self.sent[name] = time.monotonic()
        await self.api.call(Request("PATCH", ref, ref.path, params, body, APPLY))


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from an apply to its first child and to its last, at the 95th percentile."""

    first: float
    every: float
    children: int

    @classmethod
    def of(cls, sent: dict[str, float], seen: dict[str, dict[str, float]]) -> "Latency":
        """Of what was sent and seen."""
        firsts = [(min(seen[name].values()) - at) * 1000 for name, at in sent.items()]
        lasts = [(max(seen[name].values()) - at) * 1000 for name, at in sent.items()]
        return cls(percentile(firsts, 0.95), percentile(lasts, 0.95), min(len(seen[name]) for name in sent))


def is_made(resource: ApiResource) -> bool:
    """Whether a ShortenerApp of this bench has children in that collection: its floor has nothing of Prometheus'."""
    return resource.plural not in ("pods", "endpointslices", "clusters", "podmonitors", "prometheusrules")
