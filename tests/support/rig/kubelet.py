"""What a kubelet would say of a pod that is not well, and the node's signs of life."""

import asyncio
import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dev.api import MERGE
from dev.floor import Fate, Floor, Outcome
from dev.floor.reactions import NODE as INSTANT
from toprope.core.objects import LEASE, NODE, POD, Manifest, Ref
from toprope.io import api as operators
from toprope.io.now.nodes import LEASES

RENEWS = 10.0
"""As a kubelet does by default."""


async def keep_alive(api: operators.Api) -> None:
    """The floor's one node is ready and renews its lease, for as long as this is not cancelled."""
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}
    node = Ref(NODE, "", INSTANT)
    await api.call(
        operators.Request(
            "PATCH", node, f"{node.path}/status", {}, {"status": {"conditions": [ready]}}, operators.MERGE
        )
    )
    lease = Ref(LEASE, LEASES, INSTANT)
    while True:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"name": INSTANT, "namespace": LEASES},
            "spec": {"holderIdentity": INSTANT, "renewTime": now, "leaseDurationSeconds": 40},
        }
        params = {"fieldManager": "kubelet", "force": "true"}
        await api.call(operators.Request("PATCH", lease, lease.path, params, body, operators.APPLY))
        await asyncio.sleep(RENEWS)


@dataclass(slots=True)
class Kubelet:
    """Takes pods over from the instant world, which makes everything well again, until `let_go`."""

    floor: Floor
    held: list[str] = field(default_factory=list)

    def ends(self, pod: Manifest, reason: str, *, loops: bool) -> None:
        """Its container ended: it waits to be started again, or has been."""
        moment = "2026-01-01T12:00:00Z"
        ended = {"terminated": {"reason": reason, "exitCode": 137, "startedAt": moment, "finishedAt": moment}}
        waits = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}}
        self._say(
            pod,
            ready=not loops,
            restartCount=self._container(pod)["restartCount"] + 1,
            lastState=ended,
            state=waits if loops else {"running": {"startedAt": moment}},
        )

    def is_unready(self, pod: Manifest) -> None:
        """Its readiness probe fails."""
        self._say(pod, ready=False)

    def hold(self, pattern: str) -> None:
        """Nobody answers what has this in its name or image."""
        self.floor.decree(pattern, Fate(Outcome.UNTOUCHED))
        self.held.append(pattern)

    def let_go(self) -> None:
        """The instant world has them again."""
        while self.held:
            self.floor.decree(self.held.pop(), None)

    def _say(self, pod: Manifest, *, ready: bool, **container: Any) -> None:
        self.hold(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}")
        word = "True" if ready else "False"
        conditions = [{"type": one, "status": word} for one in ("ContainersReady", "Ready")]
        kept = [one for one in pod["status"]["conditions"] if one["type"] not in ("ContainersReady", "Ready")]
        told = {**copy.deepcopy(self._container(pod)), "ready": ready, **container}
        body = {"status": {"containerStatuses": [told], "conditions": [*kept, *conditions]}}
        self.floor.api.request("PATCH", f"{_path(pod)}/status", body, MERGE)

    def _container(self, pod: Manifest) -> dict[str, Any]:
        found: dict[str, Any] = pod["status"]["containerStatuses"][0]
        return found


def _path(pod: Manifest) -> str:
    return POD.path(pod["metadata"]["namespace"], pod["metadata"]["name"])


@contextmanager
def a_kubelet(floor: Floor) -> Iterator[Kubelet]:
    """One that lets go of everything at the end."""
    kubelet = Kubelet(floor)
    try:
        yield kubelet
    finally:
        kubelet.let_go()
