"""The baseline of `thousand`: the daemon of `bench.bare`, under the same load, with the same children."""

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.bare import BARE, MARK
from bench.cost import Cost, cost_of
from bench.floor import NAMESPACE
from bench.load import WARM, Latency, Load, is_made
from bench.onlooker import Onlooker
from bench.report import OUT
from dev.floor import Floor
from tests.support.operator_process import OperatorProcess, until
from toprope.core.names import OWNER_NAME, RENDERED
from toprope.core.objects import ApiResource, Ref
from toprope.io.api import Api, Request
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

COUNT = 100


async def baseline(floor: Floor, api: Api, directory: Path, like: str, rate: float) -> tuple[Latency, Cost]:
    """Makes `COUNT` resources with the children that the ShortenerApp `like` has."""
    children = directory / "children.json"
    children.write_text(json.dumps(await _plain_children(api, like)))
    onlooker = Onlooker(api, MARK, MARK)
    await onlooker.look([touch.resource for touch in SHORTENER_APP.touches if is_made(touch.resource)])
    bare = OperatorProcess(floor.kubeconfig, OUT / "thousand-bare.log", f"bench.bare {children}")
    try:
        load = Load(api, BARE, rate)
        await load.apply(WARM, {})
        await asyncio.to_thread(until, lambda: _all_have(onlooker, WARM), 60)
        load.sent.clear()
        before = cost_of(floor, bare.process.pid)
        names = [f"b{number}" for number in range(COUNT)]
        await load.apply(names, {})
        await asyncio.to_thread(until, lambda: _all_have(onlooker, names), 120)
        return Latency.of(load.sent, onlooker.seen), cost_of(floor, bare.process.pid).since(before, COUNT)
    finally:
        await onlooker.close()
        bare.stop()


async def _plain_children(api: Api, like: str) -> list[dict[str, Any]]:
    found = []
    for touch in SHORTENER_APP.touches:
        if is_made(touch.resource):
            path, params = touch.resource.path(NAMESPACE), {"labelSelector": f"{OWNER_NAME}={like}"}
            page = await api.call(Request("GET", Ref(touch.resource, NAMESPACE, "*"), path, params))
            found += [_plain(touch.resource, one, like) for one in page["items"]]
    return found


def _plain(resource: ApiResource, live: dict[str, Any], like: str) -> dict[str, Any]:
    """A child as a bare operator would apply it: no metadata of ours, another name."""
    spec = {key: value for key, value in live.items() if key not in ("metadata", "status", "apiVersion", "kind")}
    for field_ in ("clusterIP", "clusterIPs"):
        spec.get("spec", {}).pop(field_, None)
    owner = {"apiVersion": BARE.api_version, "kind": BARE.kind, "name": "NAME", "uid": "UID", "controller": True}
    metadata = {
        "name": re.sub(rf"^{like}-", "NAME-", live["metadata"]["name"]),
        "namespace": NAMESPACE,
        "labels": {MARK: "NAME"},
        "annotations": {RENDERED: "as long as ours"},
        "ownerReferences": [owner],
    }
    manifest = {"apiVersion": resource.api_version, "kind": resource.kind, **spec, "metadata": metadata}
    if resource.plural == "jobs":
        manifest["spec"] = {"template": _without_job_labels(live), "backoffLimit": 1}
    return manifest


def _without_job_labels(live: dict[str, Any]) -> dict[str, Any]:
    return {"spec": live["spec"]["template"]["spec"]}


def _all_have(onlooker: Onlooker, names: Sequence[str]) -> bool:
    most = max((len(seen) for seen in onlooker.seen.values()), default=0)
    return bool(most) and all(len(onlooker.seen.get(name, ())) == most for name in names)
