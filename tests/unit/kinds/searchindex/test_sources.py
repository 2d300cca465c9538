"""Where documents come from: what the Job sees of it, and whom it may call."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.searches import PAPERS, a_search
from toprope.core.objects import Manifest
from toprope.kinds.searchindex.render.jobs import generation
from toprope.kinds.searchindex.source import called
from toprope.kinds.searchindex.spec import SearchIndexSpec

DIGEST = "sha256:" + "0" * 64
CLAIM = {"persistentVolumeClaim": {"name": "data", "path": "a/b.jsonl"}}
STORE = {"uri": "s3://b/k", "secretRef": {"name": "store"}}


def job(source: dict[str, Any]) -> Manifest:
    pod: Manifest = generation(a_search({"source": source}), "r", "an/image:1")["spec"]["template"]["spec"]
    return pod


def told(pod: Manifest) -> dict[str, Any]:
    (ingest,) = pod["containers"]
    env = {one["name"]: one.get("value") for one in ingest["env"]}
    said: dict[str, Any] = json.loads(env["INGEST_SOURCE"])
    return said


def test_a_claim_is_mounted_and_only_read() -> None:
    pod = job(CLAIM)
    assert {"name": "source", "persistentVolumeClaim": {"claimName": "data", "readOnly": True}} in pod["volumes"]
    assert told(pod) == {"file": {"path": "/source/a/b.jsonl"}}


def test_a_download_is_named_with_its_digest_and_mounts_nothing() -> None:
    pod = job({"http": {"url": "https://example.com/a.jsonl", "digest": DIGEST}})
    assert told(pod) == {"http": {"url": "https://example.com/a.jsonl", "digest": DIGEST}}
    assert [one["name"] for one in pod["volumes"]] == ["tmp", "credentials"]


@pytest.mark.parametrize(
    ("source", "ports"),
    [
        (CLAIM, []),
        ({"http": {"url": "https://example.com/a", "digest": DIGEST}}, [443]),
        ({"http": {"url": "http://example.com/a", "digest": DIGEST}}, [80]),
        ({"objectStore": STORE}, [443]),
        ({"objectStore": {**STORE, "endpoint": "http://minio:9000"}}, [9000]),
    ],
)
def test_the_job_may_call_the_port_of_its_source_alone(source: dict[str, Any], ports: list[int]) -> None:
    assert called(a_search({"source": source}).spec.source) == ports


def test_an_slo_over_somebody_elses_route_is_refused_with_its_place() -> None:
    slo = {"name": "a", "objective": "99", "latency": {"threshold": "1s", "route": "redirect"}}
    with pytest.raises(ValidationError, match="is none of search, api"):
        SearchIndexSpec.model_validate({**PAPERS, "slos": [slo]})


def test_nothing_rotates_what_has_no_program_for_it() -> None:
    assert a_search().workload.rotation is None
