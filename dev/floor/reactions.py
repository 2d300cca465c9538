"""What the instant world answers to each object: pure, (object, fate, now) → the next call or nothing.

Level-triggered: an object that is as it should be gets no answer, so that every list may be answered anew.
"""

from dataclasses import dataclass
from typing import Any

from dev.floor.fates import Fate, Outcome

Document = dict[str, Any]
NODE = "instant"
CONTROLLER = "toprope.dev/instant"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API server."""

    method: str
    path: str
    body: Document


def status_patch(path: str, status: Document) -> Call:
    """A merge patch of a status."""
    return Call("PATCH", f"{path}/status", {"status": status})


def place(item: Document, prefix: str, plural: str) -> str:
    """Where an object lives."""
    meta = item["metadata"]
    return f"{prefix}/namespaces/{meta['namespace']}/{plural}/{meta['name']}"


def images(template: Document) -> list[str]:
    """The images of a pod's spec."""
    return [container["image"] for container in template.get("containers", [])]


def pod(item: Document, fate: Fate, now: str, address: str) -> Call | None:
    """Bound to the one node, then running, ended or waiting; deleted for good as soon as that is asked."""
    path = place(item, "/api/v1", "pods")
    if item["metadata"].get("deletionTimestamp"):
        return Call("DELETE", path, {"gracePeriodSeconds": 0})
    if fate.outcome is Outcome.UNSCHEDULABLE:
        return unschedulable(item, fate, path)
    if not item["spec"].get("nodeName"):
        target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
        name = item["metadata"]["name"]
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
        return Call("POST", f"{path}/binding", binding)
    status = pod_status(item, fate, now, address)
    return None if settled(item.get("status", {}), status) else status_patch(path, status)


def claims(item: Document) -> list[str]:
    """Paths of the claims that a pod mounts."""
    namespace, volumes = item["metadata"]["namespace"], item["spec"].get("volumes") or ()
    names = [one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one]
    return [f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}" for name in names]


def unschedulable(item: Document, fate: Fate, path: str) -> Call | None:
    """What the scheduler writes when no node takes a pod."""
    words = {"reason": "Unschedulable", "message": fate.message}
    condition = {"type": "PodScheduled", "status": "False", **words}
    status = {"phase": "Pending", "conditions": [condition]}
    return None if settled(item.get("status", {}), status) else status_patch(path, status)


def pod_status(item: Document, fate: Fate, now: str, address: str) -> Document:
    """What a kubelet would report."""
    ends = item["spec"].get("restartPolicy", "Always") != "Always"
    phase, state = container_state(fate, now, ends)
    running = "running" in state
    facts = {"PodScheduled": True, "Initialized": True, "ContainersReady": running, "Ready": running}
    conditions = [{"type": kind, "status": "True" if good else "False"} for kind, good in facts.items()]
    same = {"imageID": "", "ready": running, "restartCount": 0, "state": state}
    containers = [{"name": each["name"], "image": each["image"], **same} for each in item["spec"]["containers"]]
    report = {"phase": phase, "conditions": conditions, "containerStatuses": containers, "startTime": now}
    if fate.outcome is Outcome.FAILS_FIRST:
        first = item["spec"]["initContainers"][0]
        ended = {**same, "state": {"terminated": terminated(fate, now)}}
        report["initContainerStatuses"] = [{"name": first["name"], "image": first["image"], **ended}]
    known = item.get("status", {}).get("podIP") or address
    return {**report, "podIP": known, "podIPs": [{"ip": known}], "hostIP": "127.0.0.1"}


def container_state(fate: Fate, now: str, ends: bool) -> tuple[str, Document]:
    """A pod's phase and the state of each of its containers."""
    if fate.outcome is Outcome.WAITS:
        return "Pending", {"waiting": {"reason": fate.reason, "message": fate.message}}
    if fate.outcome is Outcome.FAILS_FIRST:
        return "Failed" if ends else "Pending", {"waiting": {"reason": "PodInitializing"}}
    if fate.outcome is Outcome.FAILS:
        return ("Failed" if ends else "Running"), {"terminated": terminated(fate, now)}
    if ends:
        return "Succeeded", {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": now}}
    return "Running", {"running": {"startedAt": now}}


def terminated(fate: Fate, now: str) -> Document:
    """The state of a container whose program ended badly."""
    return {"exitCode": fate.code, "reason": fate.reason or "Error", "message": fate.message, "finishedAt": now}


def settled(seen: Document, wanted: Document) -> bool:
    """True when phase and conditions are as wanted; times do not count."""
    if seen.get("phase") != wanted["phase"]:
        return False
    have = {each["type"]: each["status"] for each in seen.get("conditions", [])}
    return all(have.get(each["type"]) == each["status"] for each in wanted["conditions"])


def claim(item: Document, fate: Fate, now: str) -> Call | None:
    """Bound, and as large as it asks."""
    wanted = item["spec"]["resources"]["requests"]["storage"]
    seen = item.get("status", {})
    bound = seen.get("phase") == "Bound" and seen.get("capacity", {}).get("storage") == wanted
    if bound or fate.outcome is not Outcome.WELL:
        return None
    status = {"phase": "Bound", "accessModes": item["spec"]["accessModes"], "capacity": {"storage": wanted}}
    return status_patch(place(item, "/api/v1", "persistentvolumeclaims"), status)


def deployment(item: Document, fate: Fate, now: str) -> Call | None:
    """Rolled out without a single pod (only where the Deployment controller is left out)."""
    verdict = "True" if fate.outcome is Outcome.WELL else "False"
    conditions = [
        {"type": "Available", "status": verdict, "reason": "MinimumReplicasAvailable", "lastTransitionTime": now},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "lastTransitionTime": now},
    ]
    return rolled_out(item, fate, "deployments", {"conditions": conditions})


def stateful_set(item: Document, fate: Fate, now: str) -> Call | None:
    """Rolled out without a single pod (only where the StatefulSet controller is left out)."""
    return rolled_out(item, fate, "statefulsets", {"currentReplicas": item["spec"].get("replicas", 1)})


def rolled_out(item: Document, fate: Fate, plural: str, more: Document) -> Call | None:
    """All pods of the newest generation are there, and ready when all is well."""
    generation = item["metadata"]["generation"]
    count = item["spec"].get("replicas", 1)
    ready = count if fate.outcome is Outcome.WELL else 0
    seen = item.get("status", {})
    if seen.get("observedGeneration") == generation and seen.get("readyReplicas", 0) == ready:
        return None
    counts = {"replicas": count, "updatedReplicas": count, "readyReplicas": ready, "availableReplicas": ready}
    status = {"observedGeneration": generation, **counts, **more}
    return status_patch(place(item, "/apis/apps/v1", plural), status)


def service(item: Document, fate: Fate, now: str) -> Call | None:
    """One ready endpoint (only where there are no pods); it goes with the Service."""
    meta = item["metadata"]
    if fate.outcome is not Outcome.WELL or not item["spec"].get("selector"):
        return None
    owner = {"apiVersion": "v1", "kind": "Service", "name": meta["name"], "uid": meta["uid"]}
    made = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{meta['name']}-instant",
            "labels": {"kubernetes.io/service-name": meta["name"]},
            "ownerReferences": [owner],
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.244.0.1"], "conditions": {"ready": True}}],
    }
    return Call("POST", f"/apis/discovery.k8s.io/v1/namespaces/{meta['namespace']}/endpointslices", made)


def job(item: Document, fate: Fate, now: str) -> Call | None:
    """Ended at once without a pod (only where the Job controller is left out)."""
    if item.get("status", {}).get("conditions") or fate.outcome in {Outcome.WAITS, Outcome.UNSCHEDULABLE}:
        return None
    well = fate.outcome is Outcome.WELL
    words = {"status": "True", "reason": fate.reason, "message": fate.message, "lastTransitionTime": now}
    kinds = ("SuccessCriteriaMet", "Complete") if well else ("FailureTarget", "Failed")
    status = {
        "startTime": now,
        **({"completionTime": now, "succeeded": 1} if well else {"failed": 1}),
        "conditions": [{"type": kind, **words} for kind in kinds],
    }
    return status_patch(place(item, "/apis/batch/v1", "jobs"), status)


def route(item: Document, fate: Fate, now: str) -> Call | None:
    """Accepted or refused by every parent at the newest generation."""
    generation = item["metadata"]["generation"]
    parents = item.get("status", {}).get("parents", [])
    references = item["spec"].get("parentRefs", [])
    verdict = "True" if fate.outcome is Outcome.WELL else "False"
    if len(parents) == len(references) and all(judged(parent, generation, verdict) for parent in parents):
        return None
    words = {"observedGeneration": generation, "lastTransitionTime": now, "message": fate.message}
    accepted = {"type": "Accepted", "status": verdict, "reason": fate.reason or "Accepted", **words}
    resolved = {"type": "ResolvedRefs", "status": "True", "reason": "ResolvedRefs", **words}
    status = {
        "parents": [
            {"parentRef": each, "controllerName": CONTROLLER, "conditions": [accepted, resolved]} for each in references
        ]
    }
    return status_patch(place(item, "/apis/gateway.networking.k8s.io/v1", "httproutes"), status)


def judged(parent: Document, generation: int, verdict: str) -> bool:
    """True when this parent's verdict is already the wanted one."""
    return any(
        each["type"] == "Accepted" and each["status"] == verdict and each.get("observedGeneration") == generation
        for each in parent.get("conditions", [])
    )


def gateway(item: Document, fate: Fate, now: str) -> Call | None:
    """Programmed at its newest generation, at an address of this machine."""
    generation = item["metadata"]["generation"]
    seen = item.get("status", {})
    if any(
        each["type"] == "Programmed" and each["status"] == "True" and each.get("observedGeneration") == generation
        for each in seen.get("conditions", [])
    ):
        return None
    words = {"status": "True", "observedGeneration": generation, "lastTransitionTime": now, "message": ""}
    conditions = [{"type": kind, "reason": kind, **words} for kind in ("Accepted", "Programmed")]
    addresses = [{"type": "IPAddress", "value": "127.0.0.1"}]
    status = {"conditions": conditions, "addresses": addresses}
    return status_patch(place(item, "/apis/gateway.networking.k8s.io/v1", "gateways"), status)
