"""One pod of a revision, as the API server has it: what of it says that it is well, or leaves on purpose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from toprope.core.conditions import moment
from toprope.core.objects import Manifest, is_being_deleted

_LOST_WITH_NODE = ("Unknown", "ContainerStatusUnknown")
"""Why a container ended that nobody watched any more: its node went away, or began anew."""


@dataclass(frozen=True, slots=True)
class Pod:
    """What counts of it."""

    uid: str
    name: str
    address: str
    """Empty until it has one, and when it runs no more."""
    node: str
    """Empty until it is placed."""
    is_leaving: bool
    """Whether somebody takes it away: deleted, evicted, preempted, ended with its node."""
    is_ready: bool
    """Whether its kubelet finds all its containers ready. Not the condition `Ready`: of a node that is lost, others
    take that away."""
    restarts: int
    """Of all its containers, since it was born."""
    ended: str = ""
    """How the container ended that ended last; empty: none did."""
    ended_at: datetime | None = None
    """When that was, by its node's clock."""
    lost_with_node: bool = False
    """Whether that was its node's end."""
    loops: bool = False
    """Whether the kubelet waits before it starts a container again that ends and ends."""


def pod_of(manifest: Manifest) -> Pod:
    """Of the object."""
    status = manifest.get("status") or {}
    containers = status.get("containerStatuses") or ()
    last = max((_end(each) for each in containers), key=_moment, default={})
    return Pod(
        uid=manifest["metadata"]["uid"],
        name=manifest["metadata"]["name"],
        address=str(status.get("podIP") or "") if status.get("phase") == "Running" else "",
        node=str(manifest["spec"].get("nodeName") or ""),
        is_leaving=_is_leaving(manifest, status),
        is_ready=bool(containers) and all(each.get("ready") for each in containers),
        restarts=sum(int(each.get("restartCount", 0)) for each in containers),
        ended=_told(last) if last else "",
        ended_at=moment(_moment(last)) if _moment(last) else None,
        lost_with_node=last.get("reason") in _LOST_WITH_NODE,
        loops=any(reason == "CrashLoopBackOff" for reason in _waits(status)),
    )


def _is_leaving(manifest: Manifest, status: Mapping[str, Any]) -> bool:
    disrupted = any(
        one["type"] == "DisruptionTarget" and one["status"] == "True" for one in status.get("conditions") or ()
    )
    # A pod that is always started again only ends for good when somebody ends it.
    return is_being_deleted(manifest) or disrupted or status.get("phase") in ("Failed", "Succeeded")


def _waits(status: Mapping[str, Any]) -> Iterator[str]:
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        yield str(((each.get("state") or {}).get("waiting") or {}).get("reason") or "")


def _end(container: Mapping[str, Any]) -> Mapping[str, Any]:
    """While it waits to be started again its end is its state, afterwards its last one."""
    for key in ("state", "lastState"):
        if ended := (container.get(key) or {}).get("terminated"):
            return dict(ended)
    return {}


def _moment(end: Mapping[str, Any]) -> str:
    return str(end.get("finishedAt") or "")


def _told(end: Mapping[str, Any]) -> str:
    code = f"exit code {end.get('exitCode', 'unknown')}"
    reason = end.get("reason") or "Error"
    return code if reason == "Error" else f"{reason}, {code}"
