"""The rights that the kind asks for are those that its stories use: none is missing, none is too many."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.passes import LINKS, Passes
from tests.support.shorteners import CLOUD_NATIVE_PG, EXTERNAL, WITH_TRAFFIC
from toprope.core.names import ROTATE_CREDENTIALS
from toprope.core.objects import CONTROLLER_REVISION, SECRET
from toprope.engine.parting import part
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

AVAILABILITY = {"name": "availability", "objective": "99.9", "availability": {}}


async def through(*specs: Mapping[str, Any], fails: bool = False, rotates: bool = False) -> Passes:
    """A resource that settles under one spec after the other."""
    passes = Passes()
    for name in ("my-cache", "my-database"):
        metadata = {"name": name, "namespace": "default"}
        data = dict.fromkeys(("uri", "owner-uri", "app-uri"), "eA==")
        await passes.cluster.create({"apiVersion": "v1", "kind": SECRET.kind, "metadata": metadata, "data": data})
    for spec in specs:
        passes.wants(spec)
        passes.cluster.failing_jobs = fails
        await passes.for_a_minute()
        passes.cluster.failing_jobs = False
        await passes.settle()
    if rotates:
        passes.change(LINKS, {"metadata": {"annotations": {ROTATE_CREDENTIALS: "monday"}}})
        await passes.settle()
    return passes


async def relabelled(passes: Passes) -> Passes:
    """Somebody takes a record's labels."""
    record = next(ref for ref in passes.cluster.objects if ref.resource == CONTROLLER_REVISION)
    passes.change(record, {"metadata": {"labels": None}})
    await passes.for_a_minute()
    return passes


async def parted(passes: Passes) -> Passes:
    passes.change(LINKS, {"metadata": {"deletionTimestamp": "2026-01-01T02:00:00Z"}})
    assert await part(SHORTENER_APP, LINKS, passes.world)
    return passes


@pytest.fixture
async def asked() -> set[tuple[str, str]]:
    """All that a life may bring."""
    storage = {"database": {"embedded": {"storage": "1Gi", "reclaim": "Delete"}}}
    grown = {"database": {"embedded": {"storage": "2Gi", "reclaim": "Delete"}}}
    large = {**WITH_TRAFFIC, "replicas": {"min": 2, "max": 4}}
    clustered = {"database": {"cloudNativePG": {**CLOUD_NATIVE_PG["database"]["cloudNativePG"], "instances": 3}}}
    lives = [
        await parted(await through(storage, grown, fails=True, rotates=True)),
        await parted(await through(large, {"cache": EXTERNAL["cache"]})),
        await parted(await through(CLOUD_NATIVE_PG, clustered)),
        await relabelled(await through({})),
        await parted(await through({"slos": [AVAILABILITY]}, {})),
    ]
    own = SHORTENER_APP.resource.plural
    return {(verb, plural) for life in lives for verb, plural in life.cluster.asked if plural != own}


async def test_the_rights_are_those_that_are_used(asked: set[tuple[str, str]]) -> None:
    watched = {
        (verb, one.resource.plural) for one in SHORTENER_APP.touches for verb in ("list", "watch") if one.watched
    }
    granted = {(verb, one.resource.plural) for one in SHORTENER_APP.touches for verb in one.verbs}
    assert granted == asked | watched
