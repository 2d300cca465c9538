"""A thousand ShortenerApps on the integration floor, five applies a second: how soon their children stand, and what the
operator costs; then a restart with all of them, a quiet minute, and a bare kopf daemon as the baseline.

`python -m bench.thousand [-n 1000] [--rate 5] [-o json]`
"""

import argparse
import asyncio
import json
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.bare import BARE, MARK
from bench.onlooker import Onlooker
from bench.report import OUT, Figure, machine, percentile, tell
from dev.errors import ApiError
from dev.floor import Floor
from tests.support.operator_process import OperatorProcess, until
from toprope.core.names import MANAGED_BY, OWNER_NAME, RENDERED
from toprope.core.objects import ApiResource, Ref
from toprope.io.api import APPLY, Api, Request
from toprope.io.credentials import from_kubeconfig
from toprope.kinds import KINDS
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.schema.crd import custom_resource_definition

NAMESPACE = "bench"
BASELINE_COUNT = 100
QUIET_SECONDS = 30.0
SPEC = {
    "traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["NAME.localhost"]},
    "replicas": {"min": 2, "max": 4},
}


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


def main() -> None:
    """Measures and tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=1000, help="how many resources")
    parser.add_argument("--rate", type=float, default=5.0, help="applies a second")
    parser.add_argument("-o", choices=["json"], help="print JSON")
    asked = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, a_floor(Path(directory)) as floor:
        figures = asyncio.run(Bench(floor, Path(directory), asked.n, asked.rate).figures())
    tell("thousand", figures, machine("kopf", "aiohttp", "uvloop", "orjson", "pydantic"), as_json=asked.o == "json")


@contextmanager
def a_floor(directory: Path) -> Iterator[Floor]:
    """Without pods; Jobs complete at once."""
    with Floor.start(directory / "floor", pods=False, own_process=True) as floor:
        crds = directory / "crds"
        crds.mkdir()
        for kind in KINDS:
            (crds / f"{kind.resource.plural}.yaml").write_text(json.dumps(custom_resource_definition(kind)))
        (crds / "bares.yaml").write_text(json.dumps(_bare_definition()))
        floor.install(crds)
        floor.install_gateway()
        floor.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        # A CRD is established a moment before it is served.
        until(lambda: all(_is_served(floor, one) for one in (BARE, SHORTENER_APP.resource)))
        yield floor


def _is_served(floor: Floor, resource: ApiResource) -> bool:
    try:
        return floor.api.find(resource.path()) is not None
    except ApiError:
        return False


def _bare_definition() -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": BARE.plural, "singular": "bare", "kind": BARE.kind, "listKind": "BareList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{BARE.plural}.{BARE.group}"},
        "spec": {"group": BARE.group, "names": names, "scope": "Namespaced", "versions": [version]},
    }


@dataclass(frozen=True, slots=True)
class Bench:
    """One run."""

    floor: Floor
    directory: Path
    count: int
    rate: float

    async def figures(self) -> list[Figure]:
        """Everything, in the order in which it is told."""
        async with Api(from_kubeconfig(self.floor.kubeconfig), lambda verb, code: None) as api:
            operator = self._operator()
            try:
                latency, cost, mebibytes = await self._load(api, operator)
                requests = self._quiet(operator)
            finally:
                operator.stop()
            restart, writes = self._restart()
            bare, bare_cost = await self._baseline(api)
        told = f"{bare.first:.0f} / {bare.every:.0f} ms (bare kopf daemon, {bare.children} children)"
        return [
            Figure("children of one resource", latency.children, ""),
            _at_most("apply to first child, p95", latency.first, "ms", 100, told),
            _at_most("apply to all children, p95", latency.every, "ms", 200, told),
            _at_most("operator CPU for each resource created", cost, "ms", 50, f"{bare_cost:.0f} ms (the same daemon)"),
            _at_most(f"memory with {self.count} resources", mebibytes, "MiB", 250),
            _at_most("API requests of a quiet resource", requests[0], "1/s", 0.05),
            _at_most("writes while quiet", requests[1], "", 0),
            _at_most("restart until quiet", restart, "s", 10),
            _at_most("writes after the restart", writes, "", 0),
        ]

    def _operator(self) -> OperatorProcess:
        operator = OperatorProcess(self.floor.kubeconfig, OUT / "thousand-operator.log", "toprope run")
        until(lambda: operator.answers("/readyz"))
        return operator

    async def _load(self, api: Api, operator: OperatorProcess) -> tuple[Latency, float, float]:
        onlooker = Onlooker(api, f"{MANAGED_BY}=toprope", OWNER_NAME)
        await onlooker.look([touch.resource for touch in SHORTENER_APP.touches if _is_made(touch.resource)])
        process = psutil.Process(operator.process.pid)
        load = Load(api, SHORTENER_APP.resource, self.rate)
        before = _cpu(process)
        await load.apply([f"r{number}" for number in range(self.count)], SPEC)
        await asyncio.to_thread(until, lambda: _is_quiet(operator, self.count), 120)
        cost = (_cpu(process) - before) * 1000 / self.count
        await onlooker.close()
        return Latency.of(load.sent, onlooker.seen), cost, process.memory_info().rss / 2**20

    def _quiet(self, operator: OperatorProcess) -> tuple[float, float]:
        before = _counts(operator)
        time.sleep(QUIET_SECONDS)
        after = _counts(operator)
        return (after.requests - before.requests) / QUIET_SECONDS / self.count, after.writes - before.writes

    def _restart(self) -> tuple[float, float]:
        began = time.monotonic()
        operator = OperatorProcess(self.floor.kubeconfig, OUT / "thousand-operator.log", "toprope run")
        try:
            until(lambda: operator.answers("/healthz"))
            until(lambda: _counts(operator).looked >= self.count, 120)
            return time.monotonic() - began, _counts(operator).writes
        finally:
            operator.stop()

    async def _baseline(self, api: Api) -> tuple[Latency, float]:
        children = self.directory / "children.json"
        children.write_text(json.dumps(await self._plain_children(api)))
        log = OUT / "thousand-bare.log"
        onlooker = Onlooker(api, MARK, MARK)
        await onlooker.look([touch.resource for touch in SHORTENER_APP.touches if _is_made(touch.resource)])
        bare = OperatorProcess(self.floor.kubeconfig, log, f"bench.bare {children}")
        try:
            load = Load(api, BARE, self.rate)
            await load.apply([f"warm{number}" for number in range(5)], {})
            await asyncio.to_thread(until, lambda: _all_have(onlooker, list(load.sent)), 60)
            load.sent.clear()
            process = psutil.Process(bare.process.pid)
            before = _cpu(process)
            names = [f"b{number}" for number in range(min(self.count, BASELINE_COUNT))]
            await load.apply(names, {})
            await asyncio.to_thread(until, lambda: _all_have(onlooker, names), 60)
            return Latency.of(load.sent, onlooker.seen), (_cpu(process) - before) * 1000 / len(names)
        finally:
            await onlooker.close()
            bare.stop()

    async def _plain_children(self, api: Api) -> list[dict[str, Any]]:
        found = []
        for touch in SHORTENER_APP.touches:
            if _is_made(touch.resource):
                path, params = touch.resource.path(NAMESPACE), {"labelSelector": f"{OWNER_NAME}=r0"}
                page = await api.call(Request("GET", Ref(touch.resource, NAMESPACE, "*"), path, params))
                found += [_plain(touch.resource, one) for one in page["items"]]
        return found


def _is_made(resource: ApiResource) -> bool:
    return resource.plural not in ("pods", "endpointslices", "clusters")


def _plain(resource: ApiResource, live: dict[str, Any]) -> dict[str, Any]:
    """A child as a bare operator would apply it: no metadata of ours, another name."""
    spec = {key: value for key, value in live.items() if key not in ("metadata", "status", "apiVersion", "kind")}
    for field_ in ("clusterIP", "clusterIPs"):
        spec.get("spec", {}).pop(field_, None)
    owner = {"apiVersion": BARE.api_version, "kind": BARE.kind, "name": "NAME", "uid": "UID", "controller": True}
    metadata = {
        "name": re.sub(r"^r0", "NAME", live["metadata"]["name"]),
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


@dataclass(frozen=True, slots=True)
class Counts:
    """What the operator's /metrics said."""

    looked: float
    """Passes that ended well, or found nothing to do."""
    requests: float
    writes: float


def _counts(operator: OperatorProcess) -> Counts:
    page = operator.ops("/metrics")
    passes = _sum(page, r'toprope_passes_total\{.*outcome="Done".*\} (\S+)')
    requests = _sum(page, r"toprope_api_requests_total\{.*\} (\S+)")
    writes = _sum(page, r'toprope_api_requests_total\{.*verb="(?:POST|PATCH|PUT|DELETE)".*\} (\S+)')
    return Counts(passes, requests, writes)


def _sum(page: str, pattern: str) -> float:
    return sum(float(value) for value in re.findall(pattern, page))


def _is_quiet(operator: OperatorProcess, count: int) -> bool:
    before = _counts(operator)
    time.sleep(2)
    return before.looked >= count and before == _counts(operator)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _at_most(name: str, value: float, unit: str, goal: float, baseline: str = "") -> Figure:
    return Figure(name, value, unit, f"<= {goal:g}", value <= goal, baseline)


if __name__ == "__main__":
    main()
