"""What keeps a component from being ready, in words that a person can act on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from toprope.core.conditions import moment
from toprope.core.names import COMPONENT
from toprope.core.objects import Manifest, labels_of
from toprope.serving import places
from toprope.serving.reasons import Fact, Reason

PATIENCE = timedelta(seconds=10)
"""So long a new workload is just starting; after that its pods are looked at."""

_LONGEST = 400
_CANNOT_PULL = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_CANNOT_CONFIGURE = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})

_PLACED_BY = {
    places.WEB: "spec.resources or spec.scheduling",
    places.DATABASE: "spec.database.embedded.resources, and delete the pod if it still stays as it is",
    places.CACHE: "spec.cache.embedded.maxMemory",
}
"""The fields that decide which nodes a component's pods fit on; Jobs ask for little, and go by the scheduling alone."""


@dataclass(frozen=True, slots=True)
class Component:
    """A Deployment or StatefulSet, and what is said when it is not ready."""

    noun: str
    """As in "0 of 1 web pods ready"."""
    reason: Reason
    live: Manifest | None
    pods: Sequence[Manifest]
    need: int
    """Ready pods that suffice."""


def sentence(text: str) -> str:
    """One line of bounded length, without its final stop."""
    line = " ".join(text.split())
    return (line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…").rstrip(".")


def ready_pods(live: Manifest | None) -> int:
    """Ready pods of a workload, whichever generation its controller has seen: a pod that is ready answers, and each
    scaling by an autoscaler would else look for a moment like the end of all pods."""
    status = (live or {}).get("status") or {}
    return int(status.get("readyReplicas") or 0)


def not_ready(component: Component, now: datetime) -> Fact | None:
    """Why the component is not ready; None when it is."""
    live, ready = component.live, ready_pods(component.live)
    if live is not None and ready >= component.need:
        return None
    message = f"{ready} of {component.need} {component.noun} ready."
    if live is None:
        return Fact(Reason.STARTING, message)
    if found := _refused(live) or pods_trouble(component.pods):
        return found
    if now - moment(live["metadata"]["creationTimestamp"]) < PATIENCE:
        return Fact(Reason.STARTING, message)
    return Fact(component.reason, f"{message}{_where_to_look(component.pods)}")


def _where_to_look(pods: Sequence[Manifest]) -> str:
    """The newest pod that is not ready and gives no reason itself: its log may."""
    unready = [pod for pod in pods if not _is_ready(pod)]
    if not unready:
        return ""
    pod = max(unready, key=_born)
    return f" The log of pod {_name(pod)} may say why (kubectl -n {pod['metadata']['namespace']} logs {_name(pod)})."


def _is_ready(pod: Manifest) -> bool:
    stated = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in stated)


def _refused(live: Manifest) -> Fact | None:
    for condition in (live.get("status") or {}).get("conditions") or ():
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            said = sentence(condition["message"])
            return Fact(Reason.PODS_REFUSED, f"No pod can be made for {live['metadata']['name']}: {said}.")
    return None


def pods_trouble(pods: Sequence[Manifest]) -> Fact | None:
    """The first trouble of the newest pod that has one."""
    for pod in sorted(pods, key=_born, reverse=True):
        for check in _CHECKS:
            if fact := check(pod):
                return fact
    return None


def _not_scheduled(pod: Manifest) -> Fact | None:
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            said = sentence(condition.get("message") or "the scheduler has not said why")
            return Fact(
                Reason.POD_NOT_SCHEDULED,
                f"No node takes pod {_name(pod)}: {said}. Make room, or change "
                f"{_PLACED_BY.get(labels_of(pod).get(COMPONENT, ''), 'spec.scheduling')}.",
            )
    return None


def _image_not_pulled(pod: Manifest) -> Fact | None:
    for container, waiting in _waiting(pod):
        if waiting["reason"] in _CANNOT_PULL:
            said = sentence(waiting.get("message") or waiting["reason"])
            return Fact(
                Reason.IMAGE_NOT_PULLED,
                f"Image {container['image']} of pod {_name(pod)} cannot be pulled: {said}. Check the name, the "
                f"registry and spec.imagePullSecrets; a pod that stays as it is takes new pull Secrets when it is "
                f"deleted (kubectl -n {pod['metadata']['namespace']} delete pod {_name(pod)}).",
            )
    return None


def _not_configured(pod: Manifest) -> Fact | None:
    for _, waiting in _waiting(pod):
        if waiting["reason"] in _CANNOT_CONFIGURE:
            said = sentence(waiting.get("message") or waiting["reason"])
            return Fact(Reason.POD_NOT_CONFIGURED, f"Pod {_name(pod)} cannot be started: {said}.")
    return None


def _crash_looping(pod: Manifest) -> Fact | None:
    for container, waiting in _waiting(pod):
        if waiting["reason"] == "CrashLoopBackOff":
            ended = (container.get("lastState") or {}).get("terminated") or {}
            said = ended.get("message") or f"{ended.get('reason', 'Error')}, exit code {ended.get('exitCode', '?')}"
            return Fact(
                Reason.CRASH_LOOPING,
                f"Pod {_name(pod)} has ended {container.get('restartCount', 0)} times, last with "
                f'"{sentence(said)}" (kubectl -n {pod["metadata"]["namespace"]} logs {_name(pod)} --previous).',
            )
    return None


_CHECKS: tuple[Callable[[Manifest], Fact | None], ...] = (
    _not_scheduled,
    _image_not_pulled,
    _not_configured,
    _crash_looping,
)


def _waiting(pod: Manifest) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    status = pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            yield container, waiting


def _born(pod: Manifest) -> str:
    return str(pod["metadata"].get("creationTimestamp"))


def _name(pod: Manifest) -> str:
    return str(pod["metadata"]["name"])
