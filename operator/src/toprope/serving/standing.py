"""The parts that Toprope runs itself: rendered at birth, and anew only when their own fields change.

The record (a ControllerRevision) is named by a hash of those fields, so that a newer operator, or a new release of the
web pods, restarts neither database nor cache. A record that somebody deleted is written anew for what runs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from toprope.core.decision import CreateOnce
from toprope.core.frozen import frozen, thawed
from toprope.core.names import COMPONENT
from toprope.core.objects import CONTROLLER_REVISION, Manifest, labels_of
from toprope.core.resource import Resource
from toprope.delivery.revision import revision_of
from toprope.serving import places
from toprope.serving.needs import Needs
from toprope.serving.parts import cache_of
from toprope.serving.render import service
from toprope.serving.render.cache import cache
from toprope.serving.render.database import database
from toprope.serving.seen import Seen


@dataclass(slots=True)
class Standing:
    """What the embedded parts consist of."""

    births: list[CreateOnce] = field(default_factory=list)
    """Records that are not there yet."""
    manifests: list[Manifest] = field(default_factory=list)
    """What runs, and what reaches it."""
    kept: list[Manifest] = field(default_factory=list)
    """What stays besides: the records in force."""


def standing(resource: Resource, seen: Seen, needs: Needs) -> Standing:
    """Database and cache, as far as they are embedded, or `needs` (of the revisions that live) has them so."""
    parts = Standing()
    if part := resource.spec.database.embedded:
        key = revision_of({"resources": part.resources})
        _add(parts, resource, seen, (places.DATABASE, key), lambda: database(resource, part))
        parts.manifests.append(service.of_part(resource, places.DATABASE, places.DATABASE_PORT))
    if kept := cache_of(resource.spec).embedded:
        key = revision_of({"cache": kept})
        _add(parts, resource, seen, (places.CACHE, key), lambda: cache(resource, kept))
        parts.manifests.append(service.of_part(resource, places.CACHE, places.CACHE_PORT))
    elif needs.own_cache:
        _keep_cache(parts, resource, seen)
    return parts


def _keep_cache(parts: Standing, resource: Resource, seen: Seen) -> None:
    """The spec asks for it no more, but a revision that lives does: it stays as it was rendered. Where its record is
    gone nothing is rendered anew: what runs of it stays as it is."""
    own = [child for child in seen.children.values() if labels_of(child).get(COMPONENT) == places.CACHE]
    records = [child for child in own if child["kind"] == CONTROLLER_REVISION.kind]
    newest = sorted(records, key=lambda one: str(one["metadata"]["creationTimestamp"]))[-1:]
    parts.kept += [*newest, *(child for child in own if child not in records)]
    parts.manifests += [part for record in newest for part in thawed(record)]
    parts.manifests.append(service.of_part(resource, places.CACHE, places.CACHE_PORT))


def _add(
    parts: Standing, resource: Resource, seen: Seen, named: tuple[str, str], render: Callable[[], dict[str, Any]]
) -> None:
    component, key = named
    name = places.name(resource, component, key)
    record = seen.child(CONTROLLER_REVISION, name)
    if record is None:
        record = frozen(resource, name, component, [_carried_on(render(), seen, component)])
        parts.births.append(CreateOnce(record))
    parts.kept.append(record)
    parts.manifests += thawed(record)


def _carried_on(rendered: dict[str, Any], seen: Seen, component: str) -> dict[str, Any]:
    """The manifest, with what the API server never lets a living StatefulSet change; and with the images that live,
    where the record was lost: nobody asked for others."""
    live = seen.children.get((rendered["kind"], rendered["metadata"]["name"]))
    if live is None:
        return rendered
    spec = rendered["spec"]
    if "podManagementPolicy" in spec:
        spec = {**spec, "podManagementPolicy": live["spec"].get("podManagementPolicy", "OrderedReady")}
    if not any(labels_of(record).get(COMPONENT) == component for record in seen.all_of(CONTROLLER_REVISION)):
        spec = {**spec, "template": _with_images(spec["template"], live["spec"]["template"])}
    return {**rendered, "spec": spec}


def _with_images(template: Manifest, live: Manifest) -> Manifest:
    images = {one["name"]: one["image"] for one in live["spec"]["containers"]}
    containers = [{**one, "image": images.get(one["name"], one["image"])} for one in template["spec"]["containers"]]
    return {**template, "spec": {**template["spec"], "containers": containers}}
