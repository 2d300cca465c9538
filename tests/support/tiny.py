"""A kind with one of everything the engine does: data made once, a frozen object, applied ones, a prune, a farewell."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from toprope.core.conditions import Condition
from toprope.core.decision import Action, Amend, Apply, CreateOnce, Decision, Delete, Tell
from toprope.core.frozen import frozen
from toprope.core.model import ResourceStatus, SpecModel
from toprope.core.names import DATA, child_labels, child_name, short_hash
from toprope.core.objects import (
    CONTROLLER_REVISION,
    NETWORK_POLICY,
    SECRET,
    SERVICE,
    ApiResource,
    Manifest,
    Ref,
    annotations_of,
)
from toprope.core.prune import pruned
from toprope.core.resource import Resource
from toprope.kind import Kind, Touched
from toprope.ports import Cluster, Sources

STAMP = "toprope.dev/stamp"


class TinySpec(SpecModel):
    """What a Tiny wants."""

    text: str = "one"
    """A change makes a new revision."""
    port: int = 80
    """A change takes effect at once."""
    stamp: str = ""
    """Is amended onto the Secret."""
    reclaim: Literal["Retain", "Delete"] = "Retain"
    """Whether the Secret goes with it."""


class TinyStatus(ResourceStatus):
    """What became of a Tiny."""

    revision: str | None = None
    """The revision that serves; a Service is made for it once it stands here."""


@dataclass(frozen=True, slots=True)
class Seen:
    children: tuple[Manifest, ...]
    secret: Manifest | None


async def observe(resource: Resource, cluster: Cluster, sources: Sources) -> Seen:
    children = tuple(cluster.children(resource.namespace, resource.labels))
    return Seen(children, await cluster.read(_secret_ref(resource)))


def _secret_ref(resource: Resource) -> Ref:
    return Ref(SECRET, resource.namespace, child_name(resource.name, "credentials"))


def decide(resource: Resource, seen: Seen, now: datetime) -> Decision:
    revision = short_hash(resource.spec.text)
    wanted: list[Manifest] = [_service(resource, None), _policy(resource)]
    if resource.status.revision:
        wanted.append(_service(resource, resource.status.revision))
    record = frozen(resource, child_name(resource.name, "record", revision), "record", wanted[:1], revision)
    conditions = [Condition("Ready", "True", "Standing", f"Revision {revision} stands.")]
    actions: list[Action] = [
        *_data(resource, seen),
        *([] if _has(seen, record) else [CreateOnce(record)]),
        *(Apply(manifest) for manifest in wanted),
        *pruned(resource, seen.children, [*wanted, record]),
    ]
    return Decision({"revision": revision}, conditions, actions, timedelta(minutes=10))


def _has(seen: Seen, record: Manifest) -> bool:
    return any(
        child["kind"] == record["kind"] and child["metadata"]["name"] == record["metadata"]["name"]
        for child in seen.children
    )


def _data(resource: Resource, seen: Seen) -> list[Action]:
    if seen.secret is None:
        return [CreateOnce({**_head(resource, SECRET, "credentials"), "type": "Opaque"}, generate=("password",))]
    if annotations_of(seen.secret).get(STAMP, "") != resource.spec.stamp:
        patch = {"metadata": {"annotations": {STAMP: resource.spec.stamp}}}
        return [Amend(_secret_ref(resource), patch, seen.secret["metadata"]["resourceVersion"], ("next",))]
    return []


def farewell(resource: Resource, seen: Seen, now: datetime) -> Decision:
    actions: list[Action] = [Tell("DataStays", f"Secret {_secret_ref(resource).name} stays.")]
    if resource.spec.reclaim == "Delete":
        actions = [Delete(_secret_ref(resource), seen.secret["metadata"]["uid"])] if seen.secret else []
    return Decision({}, [], actions, timedelta(minutes=10))


def _head(resource: Resource, api: ApiResource, component: str, revision: str | None = None) -> dict[str, Any]:
    labels = child_labels(resource.ref.resource.kind, resource.name, component, revision)
    metadata: dict[str, Any] = {
        "name": child_name(resource.name, component, revision),
        "namespace": resource.namespace,
        "labels": labels,
    }
    if api is SECRET:
        metadata["labels"] = labels | {DATA: "true"}
    else:
        metadata["ownerReferences"] = [resource.owner_reference]
    return {"apiVersion": api.api_version, "kind": api.kind, "metadata": metadata}


def _service(resource: Resource, revision: str | None) -> Manifest:
    port = {"name": "http", "port": resource.spec.port, "protocol": "TCP", "targetPort": 8000}
    spec = {"ports": [port], "selector": {"app": resource.name}}
    return {**_head(resource, SERVICE, "web", revision), "spec": spec}


def _policy(resource: Resource) -> Manifest:
    spec = {"podSelector": {"matchLabels": {"app": resource.name}}, "policyTypes": ["Ingress"]}
    return {**_head(resource, NETWORK_POLICY, "web"), "spec": spec}


WATCHED = ("get", "list", "watch", "create", "patch", "delete")

TINY = Kind(
    resource=ApiResource("toprope.dev", "v1alpha1", "tinies", "Tiny"),
    short="tiny",
    description="One of everything the engine does.",
    spec=TinySpec,
    status=TinyStatus,
    columns=[],
    touches=[
        Touched(SERVICE, WATCHED),
        Touched(NETWORK_POLICY, WATCHED),
        Touched(CONTROLLER_REVISION, WATCHED),
        Touched(SECRET, ("get", "create", "patch", "delete")),
    ],
    observe=observe,
    decide=decide,
    farewell=farewell,
    rule_sets=lambda resource: (),
    dashboard=lambda resource, found: {},
)


def a_tiny(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    """A Tiny as a person applies it."""
    return {
        "apiVersion": TINY.resource.api_version,
        "kind": "Tiny",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
