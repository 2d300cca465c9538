"""Whether a node lives: asked only while one of its pods is silent, so that no release fails by the end of a machine.

A node that dies says nothing of it: its condition follows after 40 s. But a kubelet that lives renews its lease every
10 s. So a lease that was renewed after a pod fell silent clears the node, and the pod stands accused.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import inf

from toprope.core.errors import Refused, TopropeError
from toprope.core.objects import LEASE, NODE, Manifest, Ref
from toprope.ports import Cluster

LEASES = "kube-node-lease"
PATIENCE = 0.8


@dataclass(slots=True)
class _Node:
    renewed: object = None
    """What the lease said last; its times are of the node's own clock and only compared with each other."""
    lived: float | None = -inf


class Nodes:
    """Signs of life of some nodes."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float]) -> None:
        self._cluster = cluster
        self._clock = clock
        self._nodes: dict[str, _Node] = {}

    def lived(self, name: str) -> float | None:
        """When a node last gave a sign of life since somebody asked; None where nobody may know."""
        return self._nodes[name].lived if name in self._nodes else None

    async def ask(self, names: Collection[str]) -> None:
        """About these, and the others are forgotten."""
        self._nodes = {name: self._nodes.get(name) or _Node() for name in names if name}
        await asyncio.gather(*(self._ask(name, node) for name, node in self._nodes.items()))

    async def _ask(self, name: str, node: _Node) -> None:
        at = self._clock()
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._cluster.read(Ref(NODE, "", name))
                lease = await self._cluster.read(Ref(LEASE, LEASES, name))
        except Refused:
            node.lived = None
        except (TopropeError, TimeoutError):
            return
        else:
            _note(node, found, lease, at)


def _note(node: _Node, found: Manifest | None, lease: Manifest | None, at: float) -> None:
    renewed = ((lease or {}).get("spec") or {}).get("renewTime")
    if not _is_ready(found):
        node.lived = -inf
    elif node.renewed is not None and renewed not in (None, node.renewed):
        node.lived = at
    node.renewed = renewed or node.renewed


def _is_ready(node: Manifest | None) -> bool:
    """One that is not there any more has gone with its pods."""
    said = ((node or {}).get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in said)
