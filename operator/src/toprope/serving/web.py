"""The web side: revisions with all that belongs to each, and the doors to the one that serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toprope.core.names import REVISION
from toprope.core.objects import CONTROLLER_REVISION, SERVICE, Manifest, labels_of
from toprope.core.resource import Resource
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.traffic import Backend, http_route
from toprope.serving import places
from toprope.serving.health import Look, Shares, backends, deployment_of, route, routed
from toprope.serving.needs import Needs
from toprope.serving.preparation import Preparation, told, wants_job
from toprope.serving.render import service
from toprope.serving.render.autoscaler import Bounds, autoscaler
from toprope.serving.revisions import Revision
from toprope.serving.seen import Seen


@dataclass(frozen=True, slots=True)
class Release:
    """One living revision."""

    name: str
    revision: Revision | None
    """None when its record is gone: what runs of it stays as it is."""
    preparation: Preparation
    needs: Needs
    bounds: Bounds
    """Of its autoscaler."""


def of_release(look: Look, release: Release, *, held: bool) -> list[Manifest]:
    """What a revision consists of today. Its web pods come after its preparation; `held` keeps a new one back."""
    if release.revision is None:
        return []
    children: list[Manifest] = [service.of_revision(look.resource, release.name)]
    if wants_job(release.preparation, look.now, held=held):
        children.append(told(release.revision.job, release.preparation))
    if release.preparation.done or deployment_of(look, release.name):
        children += [release.revision.deployment, autoscaler(look.resource, release.name, release.bounds)]
    return children


def left_alone(seen: Seen, releases: Sequence[Release]) -> list[Manifest]:
    """Living records, and whatever runs of revisions without one: not applied, and not pruned."""
    recordless = {release.name for release in releases if release.revision is None}
    living = {release.name for release in releases}
    return [
        child
        for (kind, _), child in seen.children.items()
        if (revision := labels_of(child).get(REVISION)) in recordless
        or (kind == CONTROLLER_REVISION.kind and revision in living)
    ]


def doors(
    look: Look,
    shares: Shares,
    selected: str | None,
    candidate: str | None,
    *,
    takes_back: bool,
    mark: Mapping[str, str],
) -> list[Manifest]:
    """The plain Service, which selects that revision or all, and the route. The route waits for its backends' Services:
    one that points at nothing fails. A candidate that is ready is there for who asks for it by name.

    A write holds only for the door as it was seen: what another operator did since is not undone, and weights that
    were right then may be none today. One that takes requests back from the candidate holds whatever was done since.

    `mark` are annotations of the door that shares the requests.
    """
    resource = look.resource
    plain = _marked(service.plain(resource, selected), {} if resource.spec.traffic else mark)
    live = look.seen.child(SERVICE, places.name(resource, places.WEB))
    found = [plain if takes_back else _guarded(plain, live)]
    wanted = backends(look, shares)
    if resource.spec.traffic and (route(look) or all(look.seen.child(SERVICE, one) for one in wanted)):
        metadata = places.metadata(resource, places.WEB) | {"name": places.route_name(resource)}
        shared = [Backend(one, places.SERVICE_PORT, weight) for one, weight in wanted.items()]
        rendered = http_route(metadata, resource.spec.traffic, shared, _preview(look, candidate))
        live, door = routed(look), _marked(rendered, mark)
        found.append(door if takes_back else _guarded(door, live))
    return found


def _marked(manifest: Manifest, mark: Mapping[str, str]) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": dict(mark)}} if mark else manifest


def _preview(look: Look, candidate: str | None) -> Backend | None:
    name = places.name(look.resource, places.WEB, candidate) if candidate else None
    return Backend(name, places.SERVICE_PORT, WHOLE) if name in look.seen.endpoints and name else None


def lived_by(look: Look) -> list[Manifest]:
    """The route that requests come by: it is not pruned, whatever it is called."""
    live = route(look)
    return [live] if live and look.resource.spec.traffic else []


def _guarded(manifest: Manifest, live: Manifest | None) -> Manifest:
    if live is None:
        return manifest
    version = live["metadata"]["resourceVersion"]
    return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}}


def url(resource: Resource) -> str:
    """Where the service answers: its first host name, or its Service inside the cluster.

    The scheme is a guess from the listener's name: which port and which certificate are the gateway's business.
    """
    traffic = resource.spec.traffic
    names = [name for name in traffic.hostnames if not name.startswith("*")] if traffic else []
    if not traffic or not names:
        return f"http://{places.name(resource, places.WEB)}.{resource.namespace}"
    secure = "https" in (traffic.gateway.section_name or "")
    return f"{'https' if secure else 'http'}://{names[0]}"
