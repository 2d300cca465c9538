"""SearchIndexes before a real API server: what it takes, what it refuses and how, and a generation after another."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dev.floor import Floor
from tests.integration.kinds.test_rendering import STRICT, applied
from tests.integration.kinds.test_stories import RESTRICTED, Place, busy, states
from tests.support.engine import INSTALLATION, an_engine
from tests.support.searches import PAPERS
from toprope.cli.rendering import children, resource_from
from toprope.core.errors import Refused
from toprope.core.objects import CONFIG_MAP, DEPLOYMENT, Manifest, Ref, ref_of
from toprope.io.api import Api, Request
from toprope.io.credentials import from_kubeconfig
from toprope.kinds import KINDS
from toprope.kinds.searchindex.kind import SEARCH_INDEX

__all__ = ["busy"]
DIGEST = "sha256:" + "0" * 64
STORE = {"uri": "s3://b/k.jsonl", "secretRef": {"name": "store"}}
SOURCES: list[dict[str, Any]] = [
    {"configMap": {"name": "papers", "key": "papers.jsonl.zst"}},
    {"persistentVolumeClaim": {"name": "data", "path": "a/b c.jsonl"}},
    {"http": {"url": "https://example.com/a.jsonl", "digest": DIGEST}},
    {"objectStore": {**STORE, "endpoint": "http://minio.storage:9000", "region": "eu-1"}},
]
STORE_SECRET = {
    "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "store"},
    "data": {"access-key-id": "eA==", "secret-access-key": "eA=="},
}  # fmt: skip
_numbers = itertools.count(1)


def manifest(spec: dict[str, Any]) -> Manifest:
    resource = SEARCH_INDEX.resource
    metadata = {"name": "papers", "namespace": "default"}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}


async def judged(api: Api, spec: dict[str, Any]) -> str:
    """What the API server says against a spec; empty when it takes it."""
    ref = Ref(SEARCH_INDEX.resource, "default", "papers")
    try:
        await api.call(Request("POST", ref, ref.resource.path("default"), STRICT, manifest(spec)))
    except Refused as refusal:
        return str(refusal)
    return ""


@pytest.mark.parametrize("source", SOURCES, ids=lambda one: next(iter(one)))
async def test_each_source_is_taken_and_all_that_becomes_of_it(api: Api, source: dict[str, Any]) -> None:
    spec = {"source": {**source, "fields": {"text": ["abstract"], "filters": ["year"]}}}
    assert await judged(api, spec) == ""
    kind, resource = resource_from(manifest(spec), KINDS, INSTALLATION)
    for child in await children(kind, resource, [STORE_SECRET]):
        assert (await applied(api, ref_of(child), child))["kind"] == child["kind"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "spec.source: Required value"),
        ({"source": {}}, "exactly one of configMap, persistentVolumeClaim, http, objectStore is needed"),
        ({"source": SOURCES[0] | SOURCES[2]}, "exactly one of configMap, persistentVolumeClaim, http, objectStore"),
        ({"source": {"http": {"url": "https://a/b", "digest": "md5:1"}}}, "spec.source.http.digest"),
        ({"source": {"http": {"url": "file:///etc/passwd", "digest": DIGEST}}}, "spec.source.http.url"),
        ({"source": {"objectStore": {"uri": "s3://b/k"}}}, "spec.source.objectStore.secretRef: Required value"),
        ({"source": {"persistentVolumeClaim": {"name": "d", "path": "a/../b"}}}, "path must stay in the volume"),
        ({"source": {"persistentVolumeClaim": {"name": "d", "path": "/a"}}}, "spec.source.persistentVolumeClaim.path"),
        ({**PAPERS, "index": {"hnsw": {"m": 40}}}, "efConstruction must be at least 2 * m"),
        ({**PAPERS, "index": {"quantization": "Tiny"}}, "spec.index.quantization: Unsupported value"),
        ({**PAPERS, "efSearch": 0}, "spec.efSearch"),
        ({**PAPERS, "recallShare": "1.5"}, "spec.recallShare"),
        ({**PAPERS, "image": "a/b", "version": "1"}, "image and version exclude each other"),
        ({**PAPERS, "replicas": {"max": 11}}, "an embedded database carries at most 10 web pods"),
        (
            {**PAPERS, "slos": [{"name": "a", "objective": "99", "latency": {"threshold": "1s", "route": "redirect"}}]},
            "spec.slos[].latency.route of a SearchIndex is search or api",
        ),
    ],
)
async def test_what_cannot_be_is_refused_with_the_field(api: Api, spec: dict[str, Any], said: str) -> None:
    assert said in await judged(api, spec)


@pytest.fixture
async def papers(busy: Floor) -> AsyncIterator[Place]:
    """A place where the Pod Security Standard `restricted` is enforced."""
    name = f"search-{next(_numbers)}"
    busy.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}})
    async with an_engine(SEARCH_INDEX, from_kubeconfig(busy.kubeconfig), name) as engine:
        yield Place(engine, engine.ref(name, "links"))


def serves(live: Manifest) -> bool:
    status = live.get("status") or {}
    return states("Ready", "True")(live) and (status.get("rollout") or {}).get("phase") == "Idle"


async def test_a_generation_follows_another(papers: Place) -> None:
    first = await papers.becomes({**PAPERS}, serves)
    before = first["status"]["revision"]["stable"]
    last = await papers.becomes(
        {**PAPERS, "index": {"quantization": "Half"}, "efSearch": 50},
        lambda live: serves(live) and live["status"]["revision"]["stable"] != before,
    )
    after = last["status"]["revision"]["stable"]
    assert {one["revision"] for one in last["status"]["generations"] if one.get("succeededAt")} == {before, after}
    web = await papers.read(DEPLOYMENT, f"links-web-{after}")
    env = {one["name"]: one.get("value") for one in web["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["GENERATION"] == after
    live = await papers.read(CONFIG_MAP, "links-live")
    assert '"efSearch": 50' in live["data"]["live.json"]
