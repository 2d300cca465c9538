"""A namespace as plain data in which two equal worlds are equal: no UIDs, times, addresses, versions or secrets."""

import re
from typing import Any

import orjson

from toprope.core.names import DATA, FIELD_MANAGER, MANAGED_BY, RENDERED, short_hash
from toprope.core.objects import Manifest, Ref, labels_of
from toprope.io.api import Api, Request
from toprope.kind import Kind
from toprope.ports import Cluster

_FORGOTTEN = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink")
_CHANGING = [
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"\b\d+\.\d+\.\d+\.\d+\b"), "<address>"),
    # The route's name says in which namespace it is; revisions have longer hashes.
    (re.compile(r"(?<=-web-)[0-9a-z]{6}\b"), "<whose>"),
    (re.compile(r"\btoprope-[0-9a-z]{20}\b"), "<dashboard>"),
    (re.compile(r'(?<="rules":")[0-9a-z]{9}(?=")'), "<of these rules>"),
]


async def world_of(kind: Kind, cluster: Cluster, namespace: str) -> dict[str, Any]:
    """Every object that the kind may have made in the namespace, by kind and name."""
    made = await _made(kind, cluster, namespace)
    plain = [_plain(one, namespace) for one in made]
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in plain}


async def data_of(kind: Kind, cluster: Cluster, namespace: str) -> dict[str, str]:
    """Data and credentials by kind and name, each as a word that changes when it is replaced or changed."""
    held = [one for one in await _made(kind, cluster, namespace) if DATA in labels_of(one)]
    return {f"{one['kind']}/{one['metadata']['name']}": _held_by(one) for one in held}


async def _made(kind: Kind, cluster: Cluster, namespace: str) -> list[Manifest]:
    labels = {MANAGED_BY: FIELD_MANAGER}
    found = [await cluster.find(touch.resource, namespace, labels) for touch in kind.touches if "create" in touch.verbs]
    return [one for some in found for one in some]


def _held_by(manifest: Manifest) -> str:
    return short_hash(f"{manifest['metadata']['uid']} {orjson.dumps(manifest.get('data')).decode()}")


def _plain(manifest: Manifest, namespace: str) -> Any:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _FORGOTTEN}
    annotations = {key: value for key, value in metadata.get("annotations", {}).items() if key != RENDERED}
    plain = {**manifest, "metadata": {**metadata, "annotations": annotations}}
    if "data" in plain and manifest["kind"] == "Secret":
        plain["data"] = sorted(plain["data"])
    plain.pop("status", None)
    return lasting(plain, namespace)


def lasting(value: Any, namespace: str) -> Any:
    """Without what differs between equal worlds."""
    text = orjson.dumps(value).decode().replace(namespace, "<namespace>")
    for changing, name in _CHANGING:
        text = changing.sub(name, text)
    return orjson.loads(text)


async def status_of(api: Api, ref: Ref) -> Any:
    """The status of a resource, without its times."""
    live = await api.call(Request("GET", ref, ref.path))
    return lasting(live.get("status"), ref.namespace)
