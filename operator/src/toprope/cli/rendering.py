"""Passes over a cluster on paper until nothing changes: the children that a spec ends up with."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from toprope import __version__
from toprope.cli.paper import DAWN, GENERATED, PaperCluster, merged
from toprope.core import conditions
from toprope.core.decision import Action, Amend, Apply, CreateOnce, Decision, Delete
from toprope.core.faults import Fault, faults
from toprope.core.objects import Manifest, Ref, ref_of
from toprope.core.places import Where
from toprope.core.resource import Installation, Resource
from toprope.io.nobody import no_sources
from toprope.kind import Kind
from toprope.schema.structural import Schema, structural

PASSES = 60
"""A spec that has not settled after so many passes never will."""

Lead = Callable[[Resource], Resource]

_STEP = timedelta(seconds=30)
_OBJECT: Schema = {"properties": {name: {} for name in ("apiVersion", "kind", "metadata", "spec", "status")}}
_BORN = ("uid", "generation", "creationTimestamp", "resourceVersion")


class NotRenderable(ValueError):
    """The manifest is no resource of ours, or its spec is invalid; `faults` say where and why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def resource_from(
    manifest: Mapping[str, Any], kinds: Iterable[Kind], installation: Installation
) -> tuple[Kind, Resource]:
    """The manifest as a resource that was created a moment ago, and its kind."""
    kind, ref = kind_and_ref(manifest, kinds)
    return kind, Resource(
        ref=ref,
        uid="paper",
        generation=1,
        resource_version="1",
        annotations=manifest["metadata"].get("annotations") or {},
        deleting=False,
        spec=_spec(manifest, kind),
        status=kind.status(),
        installation=installation,
        workload=kind.workload,
    )


def _spec(manifest: Mapping[str, Any], kind: Kind) -> Any:
    given = manifest.get("spec") or {}
    strange = [*_unknown(manifest, _OBJECT, ()), *_unknown(given, structural(kind.spec, "spec"), ("spec",))]
    try:
        # As strictly as the API server: it takes no number for a text, nor a text for a number.
        spec = kind.spec.model_validate(given, strict=True)
    except ValidationError as refusal:
        raise NotRenderable([*strange, *faults(refusal, ("spec",))]) from refusal
    if strange:
        raise NotRenderable(strange)
    return spec


def _unknown(given: Any, schema: Schema, above: Where) -> Iterator[Fault]:
    """What the schema does not know: kubectl refuses it, our models read past it."""
    if isinstance(given, Mapping) and ("properties" in schema or "additionalProperties" in schema):
        known = schema.get("properties", {})
        for name, value in given.items():
            beneath = known.get(name, schema.get("additionalProperties"))
            if beneath is None:
                yield Fault((*above, name), f"there is no such field{_meant(name, known)}")
            else:
                yield from _unknown(value, beneath, (*above, name))
    elif isinstance(given, list) and "items" in schema:
        for index, value in enumerate(given):
            yield from _unknown(value, schema["items"], (*above, index))


def _meant(name: Any, known: Iterable[str]) -> str:
    alike = get_close_matches(str(name), known, 1)
    return f": is {alike[0]} meant?" if alike else f"; there are {', '.join(known)}"


def kind_and_ref(manifest: Mapping[str, Any], kinds: Iterable[Kind]) -> tuple[Kind, Ref]:
    """The kind of a manifest and the resource that it names; NotRenderable when it says neither."""
    kind, metadata = _kind_of(manifest, kinds), manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(metadata, Mapping) or not isinstance(name, str) or not name:
        raise NotRenderable([Fault(("metadata", "name"), "is missing, or no text: every resource has a name")])
    return kind, Ref(kind.resource, metadata.get("namespace") or "default", name)


def _kind_of(manifest: Mapping[str, Any], kinds: Iterable[Kind]) -> Kind:
    named = {(kind.resource.api_version, kind.resource.kind): kind for kind in kinds}
    said = (str(manifest.get("apiVersion")), str(manifest.get("kind")))
    if (kind := named.get(said)) is None:
        known = ", ".join(f"{name} of {version}" for version, name in named)
        raise NotRenderable([Fault(("kind",), f"{said[1]} of {said[0]} is not Toprope's; known: {known}")])
    return kind


async def children(kind: Kind, resource: Resource, there: Sequence[Manifest] = ()) -> list[dict[str, Any]]:
    """What the resource ends up with in a world where everything succeeds, as it would be applied.

    `there` are objects of the user's that the spec names, Secrets above all; they are in that world from the start.
    """
    cluster = PaperCluster()
    given = [ref_of(one) for one in [await cluster.create(_placed(one, resource)) for one in there]]
    await settled(kind, resource, cluster, DAWN)
    return [as_applied(one) for ref, one in cluster.objects.items() if ref not in given]


async def settled(
    kind: Kind,
    resource: Resource,
    cluster: PaperCluster,
    now: datetime,
    lead: Lead = lambda resource: resource,
    quiet: int = 1,
) -> Resource:
    """The resource after passes over `cluster` until nothing has changed in so many of them. `lead` is what people do
    between two."""
    same = 0
    for _ in range(PASSES):
        before = (_names(cluster), resource.status)
        decision = kind.decide(lead(resource), await kind.observe(lead(resource), cluster, no_sources(now)), now)
        for action in decision.actions:
            await _act(cluster, action)
        resource = replace(resource, status=_status(kind, resource, decision, cluster))
        same = same + 1 if (_names(cluster), resource.status) == before else 0
        if same == quiet:
            break
        now += max(_STEP, min(decision.again, 10 * _STEP))
    return resource


def _placed(one: Manifest, resource: Resource) -> Manifest:
    data = {**(one.get("stringData") or {}), **(one.get("data") or {})}
    return {**one, "metadata": {"namespace": resource.namespace, **one["metadata"]}, "data": data}


def _names(cluster: PaperCluster) -> list[tuple[Ref, Any]]:
    return [(ref, one.get("spec")) for ref, one in cluster.objects.items()]


def _status(kind: Kind, resource: Resource, decision: Decision, cluster: PaperCluster) -> Any:
    said = conditions.merged(resource.status.dump().get("conditions", ()), decision.conditions, 1, DAWN)
    return kind.status.model_validate({**decision.status, "conditions": said, "observedGeneration": 1})


async def _act(cluster: PaperCluster, action: Action) -> None:
    match action:
        case CreateOnce(manifest, generate) if ref_of(manifest) not in cluster.objects:
            await cluster.create(_filled(manifest, generate))
        case Amend(ref, patch, _, generate):
            await cluster.amend(ref, _filled(patch, generate))
        case Apply(manifest):
            await cluster.apply(manifest)
        case Delete(ref, uid):
            await cluster.delete(ref, uid)


def _filled(manifest: Manifest, generate: Sequence[str]) -> dict[str, Any]:
    """With a word instead of generated text; what the manifest gives of those keys is only their beginning."""
    given = {key: None for key in generate if key in (manifest.get("stringData") or {})}
    filled: dict[str, Any] = merged(manifest, {"stringData": given} if given else {})
    if filled.get("stringData") == {}:
        del filled["stringData"]
    return merged(filled, {"data": dict.fromkeys(generate, GENERATED)}) if generate else filled


def as_applied(living: Manifest) -> dict[str, Any]:
    """Without what an object gets when it is written."""
    metadata = {key: value for key, value in living["metadata"].items() if key not in _BORN}
    return {**living, "metadata": metadata}


def installation(image_prefix: str, namespace: str, monitoring_namespace: str) -> Installation:
    """An installation of this very version."""
    return Installation(__version__, image_prefix, namespace, monitoring_namespace)
