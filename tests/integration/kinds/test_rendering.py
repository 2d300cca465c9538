"""The API server is the judge: of specs, by the CRD, and of every child, by a strict dry run."""

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.integration.kinds.conftest import NO_CLOUD_NATIVE_PG, cloud_native_pg
from tests.support.engine import INSTALLATION, asked
from tests.support.refusals import REFUSALS, UNKNOWN
from tests.support.specs import invalid, valid
from toprope.cli.paper import merged
from toprope.cli.rendering import children, resource_from
from toprope.core.errors import Refused
from toprope.core.names import COMPONENT
from toprope.core.objects import CNPG_CLUSTER, Manifest, Ref, labels_of, ref_of
from toprope.core.rendered import digest, unchanged, with_hash
from toprope.core.resource import Resource
from toprope.io.api import APPLY, MERGE, Api, Request
from toprope.kinds import KINDS
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.kinds.shortenerapp.render.jobs import rotation
from toprope.serving import places

HOW_MANY = 300
STRICT = {"dryRun": "All", "fieldValidation": "Strict", "fieldManager": "toprope", "force": "true"}
SECRETS = [
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": dict.fromkeys(keys, "eA==")}
    for name, keys in {"mine": ["owner-uri", "app-uri"], "my.database": ["owner-uri", "app-uri"], "my-cache": ["uri"]}
    .items()
]  # fmt: skip


def manifest(spec: dict[str, Any], name: str = "links") -> dict[str, Any]:
    resource = SHORTENER_APP.resource
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}


async def applied(api: Api, ref: Ref, body: Manifest) -> Manifest:
    answer: Manifest = await asked(api, Request("PATCH", ref, ref.path, STRICT, body, APPLY))
    return answer


async def judged(api: Api, name: str, spec: dict[str, Any]) -> str:
    """What the API server says against a spec; empty when it takes it."""
    ref = Ref(SHORTENER_APP.resource, "default", name)
    params = {"dryRun": "All", "fieldValidation": "Strict"}
    try:
        await api.call(Request("POST", ref, ref.resource.path("default"), params, manifest(spec, name)))
    except Refused as refusal:
        return str(refusal)
    return ""


async def rendered(numbers: Iterable[int]) -> dict[str, Manifest]:
    """All different children of so many specs, the way the API server keeps them in mind, and what rotates them."""
    found: dict[str, Manifest] = {}
    for number in numbers:
        name = "links" if number % 10 else f"l{'o' * 200}ng-{number}"
        kind, resource = resource_from(manifest(valid(number), name), KINDS, INSTALLATION)
        rotating = [a_rotation(resource, number)] if number % 5 == 0 else []
        for child in [*await children(kind, resource, SECRETS), *rotating]:
            found[digest(child)] = child
    return found


@pytest.fixture(scope="module")
def everything() -> list[Manifest]:
    """Made once: it takes longer than to ask the API server."""
    return list(asyncio.run(rendered(range(HOW_MANY))).values())


def a_rotation(resource: Resource, number: int) -> Manifest:
    """Nothing rotates in a world on paper where nobody asks for it."""
    return rotation(resource, f"of day {number}", "a/b:c", own_cache=resource.spec.cache.embedded is not None)


async def test_generated_valid_specs_are_taken(api: Api) -> None:
    said = await asyncio.gather(*(judged(api, "links", valid(seed)) for seed in range(HOW_MANY)))
    assert [one for one in said if one] == []


def explains(answer: str, sentence: str) -> bool:
    """Whether a refusal names the very field, and says of it what is wrong."""
    path, words = map(re.escape, REFUSALS[sentence])
    told = f'{words} "{path}"' if words == re.escape(UNKNOWN) else rf"[ \[]{path}: .*{words}"
    return re.search(told, answer) is not None


async def test_generated_invalid_specs_are_refused_with_a_path_and_a_sentence(api: Api) -> None:
    faults = [invalid(seed) for seed in range(HOW_MANY)]
    said = await asyncio.gather(*(judged(api, "links", spec) for _, spec in faults))
    answers = [(sentence, answer) for (sentence, _), answer in zip(faults, said, strict=True)]
    assert [one for one in answers if not explains(one[1], one[0])] == []


async def faults_of(api: Api, found: Iterable[Manifest]) -> list[str]:
    """What a strict dry run says against children, and which ones it changes."""

    async def fault(child: Manifest) -> str:
        try:
            live = await applied(api, ref_of(child), with_hash(child))
        except Refused as refusal:
            return str(refusal)
        same = child["kind"] == "Secret" or unchanged(child, live)
        return "" if same else f"{ref_of(child)} comes back changed"

    return [one for one in await asyncio.gather(*map(fault, found)) if one]


async def test_every_rendered_child_passes_a_strict_dry_run_and_comes_back_as_it_went(
    api: Api, everything: list[Manifest]
) -> None:
    found = [one for one in everything if one["kind"] != CNPG_CLUSTER.kind]
    assert await faults_of(api, found) == []
    assert len(found) > HOW_MANY
    assert sum(labels_of(one).get(COMPONENT) == places.ROTATE for one in found) == HOW_MANY / 5


@pytest.mark.skipif(cloud_native_pg() is None, reason=NO_CLOUD_NATIVE_PG)
async def test_every_cluster_of_cloud_native_pg_passes_a_strict_dry_run(api: Api, everything: list[Manifest]) -> None:
    found = [one for one in everything if one["kind"] == CNPG_CLUSTER.kind]
    assert await faults_of(api, found) == []
    assert found


@pytest.mark.parametrize(
    ("born", "change", "sentence"),
    [
        ({"auth": {"tenant": "shop"}}, {"auth": {"tenant": "other"}}, "create a second ShortenerApp"),
        ({"auth": {"tenant": "shop"}}, {"auth": None}, "the tenant is fixed"),
        ({}, {"auth": {"tenant": "shop"}}, "the tenant is fixed"),
        ({}, {"database": {"embedded": None, "cloudNativePG": {}}}, "the choice of a database is fixed"),
        ({}, {"database": {"embedded": {"storage": "1Mi"}}}, "storage can only grow"),
        ({}, {"database": {"embedded": {"storageClassName": "fast"}}}, "storageClassName is fixed at birth"),
    ],
)
async def test_what_is_fixed_at_birth_is_not_changed(
    api: Api, namespaces: Callable[[], str], born: dict[str, Any], change: dict[str, Any], sentence: str
) -> None:
    ref = Ref(SHORTENER_APP.resource, namespaces(), "links")
    body = merged(manifest(born), {"metadata": {"namespace": ref.namespace}})
    await api.call(Request("POST", ref, ref.resource.path(ref.namespace), {}, body))
    with pytest.raises(Refused, match=sentence):
        await api.call(Request("PATCH", ref, ref.path, {"dryRun": "All"}, {"spec": change}, MERGE))


async def test_names_that_no_service_can_bear_are_refused(api: Api) -> None:
    for name in ("1links", "a.b"):
        assert "must start with a letter" in await judged(api, name, {})
